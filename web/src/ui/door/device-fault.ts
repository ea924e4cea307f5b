// A fault of capture in words.

import type { Catalogue, Fault } from "../../i18n";
import type { Code, LocalCode } from "../../rtc";

/** What stands in the way of a camera or a microphone, and what one can do. */
export function deviceFault(words: Catalogue, kind: "camera" | "microphone", code: Code | LocalCode): Fault {
  const known = words.devices[kind];
  if (code === "insecure_context") return words.devices.insecure;
  return Object.hasOwn(known, code) ? known[code as keyof typeof known] : known.device_failed;
}
