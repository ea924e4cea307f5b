// What happens in the room, said in toasts.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { PathReason } from "../../rtc";
import { toast } from "../parts/toasts";
import { useRoom, useRoomEvent } from "../parts/use-room";
import { mixSentence } from "./path-words";

const unasked: ReadonlySet<PathReason> = new Set(["thin_line", "weak_device", "crowd"]);

/** Tells who comes and goes, who wants to speak, and what hosts do. */
export function useNews(): void {
  const words = useWords();
  const { news } = words;
  const room = useRoom();
  const self = room.localParticipant;
  const hands = useRef<ReadonlySet<string>>(new Set());
  const hosting = useRef(self.role === "host");
  const locked = useRef(room.settings.locked);

  // An audience comes and goes without a word.
  useRoomEvent("participantJoined", ({ name, viewer }) => viewer || toast(news.joined(name)));
  useRoomEvent("participantLeft", ({ name, viewer }, cause) => {
    if (room.state === "connected" && !viewer) toast(cause === "removed" ? news.removed(name) : news.left(name));
  });
  useRoomEvent("participantChanged", () => {
    const raised = new Set(room.participants.filter((p) => p.hand).map((p) => p.id));
    for (const { id, name } of room.participants) if (raised.has(id) && !hands.current.has(id)) toast(news.hand(name));
    hands.current = raised;
    const host = self.role === "host";
    if (host && !hosting.current) toast(news.host);
    hosting.current = host;
  });
  useRoomEvent("mutedByHost", ({ origin }, host) => {
    if (origin === "microphone") toast(host ? news.mutedBy(host.name) : news.muted);
    else toast(origin === "camera" ? news.cameraBy : news.screenBy);
  });
  useRoomEvent("pathChanged", (path, reason) => {
    // What nobody chose is explained.
    if (path === "mcu" && unasked.has(reason)) toast(mixSentence(words.path, reason));
  });
  useRoomEvent("settingsChanged", (settings) => {
    if (settings.locked !== locked.current) toast(settings.locked ? news.lockedNow : news.unlockedNow);
    locked.current = settings.locked;
  });
  useRoomEvent("reconnected", () => toast(news.back));
  useRoomEvent("error", ({ code }) => {
    if (code === "device_failed") toast(words.devices.stopped, "fault");
    else if (code === "no_codec" || code === "forbidden") toast(words.faults[code].text, "fault");
  });
}
