// From which path a remote track is shown: make before break. Pure.

import type { LivePath } from "./types";

/** A way in which a track's media could be shown. */
export interface Candidate {
  /** New pictures or sounds come out of it now. */
  flowing: boolean;
  /** It is there but not known to flow, and can be shown where nothing else is. */
  usable: boolean;
}

/** What choosePath knows of one track. A path that can't carry it is left out. */
export interface Choice {
  /** The path that the room has decided on. */
  preferred: LivePath;
  current: LivePath | null;
  candidates: Partial<Record<LivePath, Candidate>>;
}

/**
 * The path to show a track from. The preferred one, once it flows; until then
 * the one in use, as long as it exists; where nothing is in use, anything.
 */
export function choosePath({ preferred, current, candidates }: Choice): LivePath | null {
  const wanted = candidates[preferred];
  if (wanted?.flowing) return preferred;
  if (current !== null && candidates[current]) return current;
  if (wanted?.usable) return preferred;
  for (const path of ["sfu", "mcu", "p2p"] as const) {
    if (candidates[path]?.flowing) return path;
  }
  return null;
}
