// Who is here, and what a host may do with the room.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Path } from "../../rtc";
import { roomLink } from "../call/invite-tile";
import { failed } from "../call/use-actions";
import { Icon } from "../icons";
import { Button, Segments, Switch } from "../parts/controls";
import { CopyButton } from "../parts/copy";
import { Sure } from "../parts/dialog";
import { useRenderOn, useRoom } from "../parts/use-room";
import { Panel } from "./panel";
import { PersonRow } from "./person-row";

/** The panel: oneself first, then the others as they came. */
export function People({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const self = room.localParticipant;
  const hosting = self.role === "host";
  return (
    <Panel
      title={words.people.title}
      aside={<span class="quiet panel-count">{words.people.count(room.participants.length + 1)}</span>}
      onClose={onClose}
    >
      <div class="panel-scroll">
        <ul class="persons">
          {[self, ...room.participants].map((person) => <PersonRow key={person.id} person={person} hosting={hosting} />)}
        </ul>
        {!hosting && room.settings.locked && (
          <p class="quiet locked-note"><Icon name="lock" class="icon-small" /> {words.people.locked}</p>
        )}
        {hosting && <RoomControls />}
      </div>
      <footer class="panel-foot">
        <CopyButton text={roomLink(room.name)} kind="plain" testId="people-link-copy">{words.alone.copy}</CopyButton>
      </footer>
    </Panel>
  );
}

function RoomControls() {
  const words = useWords();
  const { people, path } = words;
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
      <Segments<Path>
        label={people.everyone}
        value={setting === "mcu" ? "auto" : setting}
        options={[["auto", path.wishes.auto], ["sfu", path.wishes.sfu], ["p2p", path.wishes.p2p]]}
        onChoose={(chosen) => ask(room.updateSettings({ path: chosen }))}
      />
      <Button class="button-danger-text" testId="end-room" onClick={() => setAsking(true)}>{people.end}</Button>
      {asking && (
        <Sure question={people.endSure} action={people.end} onSure={() => ask(room.endRoom())} onClose={() => setAsking(false)} />
      )}
    </section>
  );
}
