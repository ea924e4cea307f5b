// The sending m-lines, in the fixed order in which every connection offers them.

import type { Kind, Origin, SendOrigin } from "./types";

/** The origins of a client's tracks, in the order of their m-lines. */
export const sendOrigins: readonly SendOrigin[] = ["microphone", "camera", "screen", "screen_audio"];

/** The kind of media that an origin gives. */
export function kindOf(origin: SendOrigin): Kind {
  return origin === "microphone" || origin === "screen_audio" ? "audio" : "video";
}

/** Whether an origin has an m-line of its own. */
export function isSendOrigin(origin: Origin): origin is SendOrigin {
  return origin !== "other";
}
