// How loud a microphone is, for meters drawn by CSS.

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { LevelMeter } from "../../rtc";

/** Milliseconds between two looks; CSS eases what is between. */
const interval = 60;

/** Keeps --level of the element at the track's level, 0 to 1; 0 without a track. */
export function useLevel(element: RefObject<HTMLElement | null>, track: MediaStreamTrack | null): void {
  useEffect(() => {
    const show = (level: number): void => element.current?.style.setProperty("--level", level.toFixed(2));
    show(0);
    if (!track) return;
    const meter = new LevelMeter(track);
    const timer = setInterval(() => show(meter.level), interval);
    return () => {
      clearInterval(timer);
      meter.close();
      show(0);
    };
  }, [track]);
}
