// A fault of capture in words.

import type { Catalogue, Fault } from "../../i18n";
import { RtcError } from "../../rtc";

type DeviceCode = keyof Catalogue["devices"]["advice"];

/** The code of a fault that is a device's and not the room's, or null. */
export function deviceCode(words: Catalogue, error: unknown): DeviceCode | null {
  const known = error instanceof RtcError && Object.hasOwn(words.devices.advice, error.code);
  return known ? (error.code as DeviceCode) : null;
}

/** What stands in the way of a camera or a microphone at the door, and what one can do. */
export function deviceFault({ devices }: Catalogue, kind: "camera" | "microphone", code: DeviceCode): Fault {
  return code === "insecure_context" ? devices.insecure : devices[kind][code];
}

/** The same while a call goes on. */
export function deviceAdvice(words: Catalogue, kind: "camera" | "microphone", code: DeviceCode): Fault {
  return { title: deviceFault(words, kind, code).title, text: words.devices.advice[code] };
}
