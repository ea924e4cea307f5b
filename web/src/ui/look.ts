// Light or dark.

import type { Theme } from "./preferences";

/**
 * The look of a page: what was chosen, else the system's for the lobby, and
 * dark for the stage of a call. Null leaves it to the system.
 */
export function lookOf(theme: Theme, inCall: boolean): "light" | "dark" | null {
  if (theme !== "auto") return theme;
  return inCall ? "dark" : null;
}

/** Gives the whole page a look. */
export function showLook(look: "light" | "dark" | null): void {
  const { dataset } = document.documentElement;
  if (look) dataset.look = look;
  else delete dataset.look;
}
