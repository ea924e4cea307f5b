// Joining, with the name and the token that one has.

import { useMemo, useState } from "preact/hooks";
import { RtcError, type Room } from "../../rtc";
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
  /** False without a name. */
  begin(): boolean;
}

/** Joins the room of this name. */
export function useJoin(room: Room, roomName: string, onJoined: () => void): Join {
  const token = useMemo(() => tokenFrom(location.search, location.hash), []);
  const given = useMemo(() => nameInToken(token), [token]);
  const [name, setName] = useState(given || preferences().name);
  const [unnamed, setUnnamed] = useState(false);
  const [joining, setJoining] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);

  const connect = async (as: string): Promise<void> => {
    setJoining(true);
    setRefused(null);
    try {
      await room.connect("", { room: roomName, name: as, ...(token !== undefined && { token }) });
      remember({ ...(!given && { name: as }), recent: withRecent(preferences().recent, roomName, Date.now()) });
      onJoined();
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
    begin: () => {
      const trimmed = name.trim();
      setUnnamed(trimmed === "");
      if (trimmed !== "") void connect(trimmed);
      return trimmed !== "";
    },
  };
}
