// What the window is like.

import { useEffect, useState } from "preact/hooks";

/** Windows in which lists are folded away. The same is in door.css. */
export const smallWindow = "(max-width: 700px), (max-height: 500px)";

/** A phone that is held upright. */
export const uprightPhone = "(max-width: 700px) and (orientation: portrait)";

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const read = (): void => setHolds(list.matches);
    read();
    list.addEventListener("change", read);
    return () => list.removeEventListener("change", read);
  }, [query]);
  return holds;
}
