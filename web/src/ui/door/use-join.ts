// Joining, with the name and the token that one has.

import { useMemo, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { RtcError, type Room } from "../../rtc";
import { failed } from "../call/use-actions";
import { roomWishes } from "../options";
import { changeProgram } from "../program-settings";
import { preferences, remember, withRecent } from "../preferences";
import { nameInToken, tokenFrom } from "../route";

/** What the form shows, and what it does. */
export interface Join {
  name: string;
  setName(name: string): void;
  /** The name comes with the token and stays. */
  given: boolean;
  /** One has tried without a name. */
  unnamed: boolean;
  joining: boolean;
  /** Why the room refused, by the protocol's code. */
  refused: string | null;
  /** False without a name. A viewer only watches. */
  begin(as: "member" | "viewer"): boolean;
}

/** Asks for what the address wishes besides the room. */
async function bringWishes(room: Room): Promise<void> {
  const { path, layout } = roomWishes(location.search);
  const { role, pinned } = room.localParticipant;
  if (path && path !== pinned) await room.setPath(path);
  const now = room.settings.program?.layout ?? "auto";
  if (layout && role === "host" && layout !== now) await changeProgram(room, {}, layout);
}

/** Joins the room of this name. */
export function useJoin(room: Room, roomName: string, onJoined: () => void): Join {
  const words = useWords();
  const token = useMemo(() => tokenFrom(location.search, location.hash), []);
  const given = useMemo(() => nameInToken(token), [token]);
  const [name, setName] = useState(given || preferences().name);
  const [unnamed, setUnnamed] = useState(false);
  const [joining, setJoining] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);

  const connect = async (as: string, viewer: boolean): Promise<void> => {
    setJoining(true);
    setRefused(null);
    try {
      await room.connect("", { room: roomName, name: as, viewer, ...(token !== undefined && { token }) });
      remember({ ...(!given && { name: as }), recent: withRecent(preferences().recent, roomName, Date.now()) });
      onJoined();
      await bringWishes(room).catch((error: unknown) => failed(words, error));
    } catch (error) {
      setRefused(error instanceof RtcError ? error.code : "internal");
      setJoining(false);
    }
  };
  return {
    name,
    given: given !== "",
    unnamed,
    joining,
    refused,
    setName: (next) => {
      setName(next);
      setUnnamed(false);
    },
    begin: (as) => {
      const trimmed = name.trim();
      setUnnamed(trimmed === "");
      if (trimmed !== "") void connect(trimmed, as === "viewer");
      return trimmed !== "";
    },
  };
}
