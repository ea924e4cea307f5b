// Tells the room what the page shows.

import { useEffect, useRef } from "preact/hooks";
import type { Room, ViewItem } from "../../rtc";

/** Milliseconds that sizes may settle before they are told. */
const settle = 150;

/** A picture on the page, in CSS pixels. */
export interface Shown {
  track: ViewItem["track"];
  width: number;
  height: number;
}

/** The same in device pixels, for the room. */
export function viewOf(shown: readonly Shown[], pixelRatio: number): ViewItem[] {
  return shown.map(({ track, width, height }) => ({
    track,
    width: Math.round(width * pixelRatio),
    height: Math.round(height * pixelRatio),
  }));
}

/** Keeps the room informed: of other pictures at once, of other sizes when they have settled. */
export function useView(room: Room, shown: readonly Shown[]): void {
  const view = viewOf(shown, devicePixelRatio);
  const tracks = view.map(({ track }) => track.id).join(" ");
  const sizes = view.map(({ width, height }) => `${width}x${height}`).join(" ");
  const told = useRef<string | null>(null);
  useEffect(() => {
    const tell = (): void => {
      told.current = tracks;
      room.setView(view);
    };
    if (told.current !== tracks) {
      tell();
      return;
    }
    const timer = setTimeout(tell, settle);
    return () => clearTimeout(timer);
  }, [room, tracks, sizes]);
}
