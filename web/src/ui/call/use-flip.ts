// Tiles that slide to their new places (FLIP): the layout changes at once, and
// a transform that starts at the old place shows the way. Only transforms move,
// so the browser need not lay out anything meanwhile.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { between, type Rect } from "./places";

const duration = 200;
const easing = "ease-out";

/** Whether the person wants things to keep still. */
function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Slides element when its place changes; fades it in when it comes. steady: the page itself changes its size. */
export function useFlip(element: RefObject<HTMLElement | null>, place: Rect, steady: boolean): void {
  const last = useRef<{ from: Rect; to: Rect; run: Animation | null } | null>(null);
  const { x, y, width, height } = place;
  useLayoutEffect(() => {
    const el = element.current;
    if (!el) return;
    const before = last.current;
    const still = steady || calm() || typeof el.animate !== "function";
    if (!before) {
      last.current = { from: place, to: place, run: null };
      if (!still) el.animate([{ opacity: 0, scale: 0.96 }, { opacity: 1, scale: 1 }], { duration, easing });
      return;
    }
    // Where it is seen now, also if it is still on its way.
    const progress = before.run?.effect?.getComputedTiming().progress ?? 1;
    const from = between(before.from, before.to, progress);
    before.run?.cancel();
    const run = still || from.width === 0 || width === 0 ? null : slide(el, from, place);
    last.current = { from, to: place, run };
  }, [x, y, width, height]);
}

function slide(el: HTMLElement, from: Rect, to: Rect): Animation {
  const start = `translate(${from.x - to.x}px, ${from.y - to.y}px) scale(${from.width / to.width}, ${from.height / to.height})`;
  return el.animate([{ transform: start }, { transform: "none" }], { duration, easing });
}
