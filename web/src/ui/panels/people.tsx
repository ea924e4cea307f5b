// Who is here, and what a host may do with the room.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Participant } from "../../rtc";
import { roomLink } from "../call/invite-tile";
import { failed } from "../call/use-actions";
import { Icon } from "../icons";
import { Button, Switch } from "../parts/controls";
import { CopyButton } from "../parts/copy";
import { Sure } from "../parts/dialog";
import { PathSegments } from "../parts/path-segments";
import { useRenderOn, useRoom } from "../parts/use-room";
import { Panel } from "./panel";
import { PersonRow } from "./person-row";

/** Viewers that are listed by name; of a larger audience the first. */
const mostViewers = 100;

/** The panel: oneself first, then the others as they came. */
export function People({ onMix, onClose }: { onMix: () => void; onClose: () => void }) {
  const words = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const self = room.localParticipant;
  const hosting = self.role === "host";
  const all: readonly Participant[] = [self, ...room.participants];
  const viewers = all.filter((person) => person.viewer);
  return (
    <Panel
      title={words.people.title}
      aside={<span class="quiet panel-count">{words.people.count(room.participants.length + 1)}</span>}
      onClose={onClose}
    >
      <div class="panel-scroll">
        <ul class="persons">
          {all.filter((person) => !person.viewer).map((person) => <PersonRow key={person.id} person={person} hosting={hosting} />)}
        </ul>
        {viewers.length > 0 && (
          <>
            <h3 class="persons-head">{words.people.viewers(viewers.length)}</h3>
            <ul class="persons" data-testid="viewers">
              {viewers.slice(0, mostViewers).map((person) => <PersonRow key={person.id} person={person} hosting={hosting} />)}
            </ul>
          </>
        )}
        {!hosting && room.settings.locked && (
          <p class="quiet locked-note"><Icon name="lock" class="icon-small" /> {words.people.locked}</p>
        )}
        {hosting && <RoomControls onMix={onMix} />}
      </div>
      <footer class="panel-foot">
        <CopyButton text={roomLink(room.name)} kind="plain" testId="people-link-copy">{words.alone.copy}</CopyButton>
      </footer>
    </Panel>
  );
}

function RoomControls({ onMix }: { onMix: () => void }) {
  const words = useWords();
  const { people } = words;
  const room = useRoom();
  const [asking, setAsking] = useState(false);
  const ask = (request: Promise<void>): void => {
    request.catch((error: unknown) => failed(words, error));
  };
  const { locked, path: setting } = room.settings;
  return (
    <section class="room-controls">
      <h3>{people.room}</h3>
      <Switch label={people.lock} hint={people.lockHint} on={locked} onSwitch={(on) => ask(room.updateSettings({ locked: on }))} />
      <PathSegments label={people.everyone} value={setting} onChoose={(chosen) => ask(room.updateSettings({ path: chosen }))} />
      <Button icon="layout" testId="open-mix" onClick={onMix}>{words.mix.title}</Button>
      <Button class="button-danger-text" testId="end-room" onClick={() => setAsking(true)}>{people.end}</Button>
      {asking && (
        <Sure question={people.endSure} action={people.end} onSure={() => ask(room.endRoom())} onClose={() => setAsking(false)} />
      )}
    </section>
  );
}
