// The size of an element as the page changes.

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Stage } from "./places";

/** The element's inner size in CSS pixels; 0 × 0 until it is known. */
export function useSize(element: RefObject<HTMLElement | null>): Stage {
  const [size, setSize] = useState<Stage>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const el = element.current;
    if (!el) return;
    const read = (): void => {
      const { clientWidth: width, clientHeight: height } = el;
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(el);
    return () => observer.disconnect();
  }, []);
  return size;
}
