// What stands over the stage when something is not as it should be.

import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { ConnectionKind, Room } from "../../rtc";
import { Button, IconButton } from "../parts/controls";
import { DoctorLink } from "../parts/doctor-link";
import { useSecondsSince } from "../parts/clock";
import { useRenderOn, useRoom } from "../parts/use-room";
import { useActions } from "./use-actions";

/** Milliseconds that a first connection may take before one is told. */
const patience = 8000;

/** Since when something holds, in Date.now milliseconds; null while it does not. */
function useSince(holds: boolean): number | null {
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => setSince(holds ? Date.now() : null), [holds]);
  return holds ? since : null;
}

/** Whether media run, so that one sees and hears although the room is not in reach. */
function mediaRun(room: Room): boolean {
  return room.mediaState === "connected" || room.participants.some((p) => p.tracks.some((t) => t.path === "p2p"));
}

/** One sentence at a time, the gravest first; a grey veil over the stage while nothing gets through. */
export function Banner() {
  const { banner, bar } = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const actions = useActions();
  const [told, setTold] = useState(false);
  const lost = room.state === "reconnecting";
  const runs = mediaRun(room);
  const lostFor = useSecondsSince(useSince(lost));
  const silentFor = useSecondsSince(useSince(room.state === "connected" && !runs));

  if (lost) {
    return (
      <>
        {!runs && <div class="veil" />}
        <Bar text={(runs && room.participants.length > 0 ? banner.mediaRunsOn : banner.reconnecting)(lostFor)} />
      </>
    );
  }
  if (silentFor * 1000 >= patience) return <Bar text={banner.mediaLost}><DoctorLink aside /></Bar>;
  if (!room.canPlayAudio) {
    return <Bar text={banner.sound}><Button kind="main" onClick={() => void room.startAudio()}>{banner.soundOn}</Button></Bar>;
  }
  if (room.localParticipant.isScreenShareEnabled) {
    return <Bar text={banner.sharing}><Button onClick={actions.screen}>{bar.stopSharing}</Button></Bar>;
  }
  return <Detour room={room} told={told} onTold={() => setTold(true)} />;
}

/** Ways to the server that a network takes because it lets no UDP through. */
const slow: ReadonlySet<ConnectionKind> = new Set(["tcp", "turn-tcp", "turn-tls"]);

/** Once in a call: what it costs that UDP is blocked, and what can be done. */
function Detour({ room, told, onTold }: { room: Room; told: boolean; onTold: () => void }) {
  const { banner, close } = useWords();
  const { connection, localParticipant } = room;
  if (told || !connection || !slow.has(connection.kind) || localParticipant.path === "p2p") return null;
  const server = connection.address || location.hostname;
  const port = String(connection.port || location.port || 443);
  return (
    <Bar text={banner.detour(server, port)} testId="detour" long>
      <DoctorLink aside />
      <IconButton icon="close" label={close} testId="detour-close" onClick={onTold} />
    </Bar>
  );
}

interface BarProps {
  text: string;
  testId?: string;
  /** Has several lines, below which a phone has its buttons. */
  long?: boolean;
  children?: preact.ComponentChildren;
}

function Bar({ text, testId = "banner", long = false, children }: BarProps) {
  return (
    <div class={long ? "banner banner-long" : "banner"} role="status" data-testid={testId}>
      <p>{text}</p>
      {children}
    </div>
  );
}
