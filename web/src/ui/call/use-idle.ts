// Whether nobody has moved for a while.

import { useEffect, useRef, useState } from "preact/hooks";

/** Milliseconds without movement after which the bar goes. */
const patience = 4000;

/**
 * True once nothing has moved, been pressed or tapped for 4 s. Never while
 * busy() says so: the pointer rests on the bar, or the focus is there.
 */
export function useIdle(busy: () => boolean): boolean {
  const [idle, setIdle] = useState(false);
  const still = useRef(busy);
  still.current = busy;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = (): void => {
      timer = setTimeout(() => (still.current() ? rest() : setIdle(true)), patience);
    };
    const move = (): void => {
      clearTimeout(timer);
      setIdle(false);
      rest();
    };
    const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const event of events) addEventListener(event, move, { passive: true });
    rest();
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, move);
    };
  }, []);
  return idle;
}
