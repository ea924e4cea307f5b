// Keeps the screen on while people look at it.

import { useEffect } from "preact/hooks";

/** Holds a wake lock while the page is seen; browsers without one turn off as they like. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const hold = (): void => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      navigator.wakeLock.request("screen").then(
        (held) => (over ? void held.release() : (lock = held)),
        () => undefined,
      );
    };
    hold();
    // The browser releases it when the page is hidden.
    document.addEventListener("visibilitychange", hold);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", hold);
      void lock?.release();
    };
  }, []);
}
