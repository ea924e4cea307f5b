// The room, for components.

import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Room, RoomEvents } from "../../rtc";

/** The room that the page is about. */
export const RoomContext = createContext<Room | null>(null);

/** The room. */
export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (!room) throw new Error("BUG: there is no room around this component");
  return room;
}

/** Renders the component anew whenever one of these events happens. */
export function useRenderOn(room: Room, ...events: readonly (keyof RoomEvents)[]): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = events.map((event) => room.on(event, () => render(undefined)));
    // Something may have happened between rendering and now.
    render(undefined);
    return () => ends.forEach((end) => end());
  }, [room]);
}

/** Calls listener, always the newest one, when the event happens. */
export function useRoomEvent<K extends keyof RoomEvents>(event: K, listener: (...args: RoomEvents[K]) => void): void {
  const room = useRoom();
  useEffect(() => room.on(event, listener));
}
