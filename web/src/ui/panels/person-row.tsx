// One person in the list, with what a host may do.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Participant, RemoteParticipant, RemoteTrack } from "../../rtc";
import { isMuted } from "../call/people";
import { failed } from "../call/use-actions";
import { Icon, type IconName } from "../icons";
import { Avatar } from "../parts/avatar";
import { Button, IconButton } from "../parts/controls";
import { Sure } from "../parts/dialog";
import { PathSegments } from "../parts/path-segments";
import { useRoom } from "../parts/use-room";

/** Name, role and signs; for hosts the actions, folded away. */
export function PersonRow({ person, hosting }: { person: Participant; hosting: boolean }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const muted = isMuted(person);
  const note = person.away ? words.tile.away : person.role === "host" ? words.people.host : person.viewer ? words.people.watching : "";
  const remote = person.isLocal ? null : (person as RemoteParticipant);
  return (
    <li class="person" data-testid="person" data-member={person.id}>
      <div class="person-row">
        <Avatar name={person.name} />
        <div class="person-words">
          <span class="person-name">{person.isLocal ? words.tile.self(person.name) : person.name}</span>
          {note && <small>{note}</small>}
        </div>
        {person.hand && <Sign icon="hand" label={words.tile.hand} />}
        {muted && !person.viewer && <Sign icon="microphone-off" label={words.tile.muted} />}
        {hosting && remote && (
          <IconButton
            icon="more" class={open ? "icon-button-open" : ""} label={words.people.actions(person.name)} testId="person-actions"
            onClick={() => setOpen(!open)}
          />
        )}
      </div>
      {hosting && remote && open && <HostActions person={remote} muted={muted} />}
    </li>
  );
}

function Sign({ icon, label }: { icon: IconName; label: string }) {
  return (
    <span class="sign" role="img" aria-label={label} title={label}>
      <Icon name={icon} />
    </span>
  );
}

function HostActions({ person, muted }: { person: RemoteParticipant; muted: boolean }) {
  const words = useWords();
  const { people } = words;
  const room = useRoom();
  const [asking, setAsking] = useState(false);
  const ask = (request: Promise<void>): void => {
    request.catch((error: unknown) => failed(words, error));
  };
  const stop = (track: RemoteTrack | undefined): void => {
    if (track) ask(room.muteTrack(track));
  };
  const voice = person.track("microphone");
  const camera = person.track("camera");
  const screen = person.track("screen");
  return (
    <div class="person-actions">
      <div class="person-buttons">
        {!muted && <Button onClick={() => stop(voice)} testId="host-mute">{people.mute}</Button>}
        {camera && !camera.muted && <Button onClick={() => stop(camera)}>{people.stopCamera}</Button>}
        {screen && !screen.muted && <Button onClick={() => stop(screen)}>{people.stopScreen}</Button>}
        {person.hand && <Button onClick={() => ask(room.lowerHand(person.id))}>{people.lowerHand}</Button>}
        {person.role !== "host" && <Button onClick={() => ask(room.makeHost(person.id))}>{people.makeHost}</Button>}
        <Button class="button-danger-text" testId="host-remove" onClick={() => setAsking(true)}>{people.remove}</Button>
      </div>
      <PathSegments label={people.path} value={person.pinned} onChoose={(chosen) => ask(room.setPath(chosen, person.id))} />
      {asking && (
        <Sure
          question={people.removeSure(person.name)} action={people.remove}
          onSure={() => ask(room.removeParticipant(person.id))} onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
