// Scenes as a host writes them. Pure; the server says what is wrong with a
// scene, here it only has to be JSON.

import type { Scene } from "../../rtc";

/** Something to begin with: the talker, with two others beside. */
export const exampleScene: Scene = {
  background: "#101214",
  tiles: [
    { x: 0, y: 0, width: 0.75, height: 1, show: "talker" },
    { x: 0.75, y: 0, width: 0.25, height: 0.5 },
    { x: 0.75, y: 0.5, width: 0.25, height: 0.5 },
  ],
};

/** Reads a scene, or says why it is none in the words of the browser's parser. */
export function parseScene(text: string): { scene: Scene } | { fault: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { fault: "{ … }" };
    return { scene: value as Scene };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
