// A room: the door, the call, and what comes after.

import { useEffect, useMemo, useState } from "preact/hooks";
import { createRoom, supportsCalls, type Room } from "../rtc";
import { Call } from "./call/call";
import { Over } from "./call/over";
import { Door } from "./door/door";
import { lookOf, showLook } from "./look";
import { usePreferences } from "./preferences";

type Stay = { at: "door" } | { at: "call" } | { at: "over"; code: string };

declare global {
  interface Window {
    /** The room, for tests: only where the address has ?test. */
    tutti?: Room;
  }
}

/** One room of this name. */
export function RoomPage({ name }: { name: string }) {
  const room = useMemo(() => createRoom(), [name]);
  const [stay, setStay] = useState<Stay>(supportsCalls() ? { at: "door" } : { at: "over", code: "not_supported" });
  const { theme } = usePreferences();

  useEffect(() => {
    if (new URLSearchParams(location.search).has("test")) window.tutti = room;
    const off = room.on("disconnected", (code) => setStay({ at: "over", code }));
    return () => {
      off();
      void room.disconnect();
    };
  }, [room]);
  useEffect(() => {
    showLook(lookOf(theme, stay.at === "call"));
    return () => showLook(lookOf(theme, false));
  }, [theme, stay.at]);

  switch (stay.at) {
    case "door":
      return <Door room={room} name={name} onJoined={() => setStay({ at: "call" })} />;
    case "call":
      return <Call room={room} />;
    case "over":
      return <Over code={stay.code} room={name} onAgain={() => setStay({ at: "door" })} />;
  }
}
