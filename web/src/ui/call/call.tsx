// The call: the stage, the bar, and what opens beside and above them.

import { useEffect, useState } from "preact/hooks";
import type { Room } from "../../rtc";
import { useWords } from "../../i18n";
import { Chat } from "../panels/chat";
import { DropZone } from "../panels/drop-zone";
import { MixPanel } from "../panels/mix-panel";
import { People } from "../panels/people";
import { Stats } from "../panels/stats";
import { useTalk } from "../panels/use-talk";
import { RoomContext } from "../parts/use-room";
import { Banner } from "./banner";
import { Bar, type PanelName } from "./bar";
import { DevicesDialog } from "./devices-dialog";
import { More } from "./more";
import { RecordDialog } from "./record-dialog";
import { Stage } from "./stage";
import { useActions } from "./use-actions";
import { useNews } from "./use-news";
import { useRecording } from "./use-recording";
import { useShortcuts } from "./use-shortcuts";
import { useWakeLock } from "./use-wake-lock";

type Opened = "more" | "devices" | "record" | null;

/** Everything of a room that one has joined. panel opens at once, for stories. */
export function Call({ room, panel = null }: { room: Room; panel?: PanelName | null }) {
  return (
    <RoomContext.Provider value={room}>
      <Parts room={room} first={panel} />
    </RoomContext.Provider>
  );
}

function Parts({ room, first }: { room: Room; first: PanelName | null }) {
  const words = useWords();
  const [panel, setPanel] = useState<PanelName | null>(first);
  const [opened, setOpened] = useState<Opened>(null);
  const talk = useTalk(panel === "chat");
  const recording = useRecording();
  const actions = useActions();
  useNews();
  useWakeLock();
  useEffect(() => {
    document.title = `${room.name} · tutti`;
    return () => {
      document.title = "tutti";
    };
  }, [room.name]);

  const toggle = (name: PanelName): void => setPanel((old) => (old === name ? null : name));
  const close = (): void => (opened ? setOpened(null) : setPanel(null));
  const record = (): void => (recording.since === null ? setOpened("record") : recording.stop());
  useShortcuts((shortcut) => {
    if (shortcut === "chat" || shortcut === "people") toggle(shortcut);
    else if (shortcut === "close") close();
    else actions[shortcut]();
  });

  return (
    <div class={`call ${panel ? "call-panel" : ""}`}>
      <main class="call-stage" aria-label={words.door.room(room.name)}>
        <Stage />
        <Banner />
        <Bar
          panel={panel}
          moreOpen={opened === "more"}
          unread={talk.unread}
          recording={recording.since}
          stays={opened !== null || room.participants.length === 0}
          onPanel={toggle}
          onMore={() => setOpened(opened === "more" ? null : "more")}
          onRecord={record}
          onLeave={() => void room.disconnect()}
        >
          {opened === "more" && (
            <More
              recording={recording.since !== null}
              onDevices={() => setOpened("devices")}
              onStats={() => setPanel("stats")}
              onMix={() => setPanel("mix")}
              onRecord={record}
              onClose={() => setOpened(null)}
            />
          )}
        </Bar>
      </main>
      {panel === "chat" && <Chat talk={talk} onClose={() => setPanel(null)} />}
      {panel === "people" && <People onMix={() => setPanel("mix")} onClose={() => setPanel(null)} />}
      {panel === "stats" && <Stats onClose={() => setPanel(null)} />}
      {panel === "mix" && <MixPanel onClose={() => setPanel(null)} />}
      {opened === "devices" && <DevicesDialog onClose={() => setOpened(null)} />}
      {opened === "record" && <RecordDialog onStart={recording.start} onClose={() => setOpened(null)} />}
      <DropZone talk={talk} onDrop={() => setPanel("chat")} />
    </div>
  );
}
