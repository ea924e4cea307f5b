// Checks of this browser: what the page may use.

import type { Cause } from "../protocol/messages";
import { canCapture, openCamera, openMicrophone } from "../rtc/devices";
import { RtcError } from "../rtc/types";
import { fine, found, type Outcome } from "./outcome";

/** Whether the browser trusts the page's address. */
export function checkSecure(): Outcome {
  return window.isSecureContext ? fine(location.origin) : found("not_secure_context", {}, location.origin);
}

const deviceCauses: Readonly<Record<string, Cause>> = {
  device_denied: "camera_denied",
  device_in_use: "camera_busy",
  device_none: "camera_missing",
  insecure_context: "not_secure_context",
};

/** Opens a device for a moment. The browser may ask its person, who may take a while. */
export async function checkDevice(kind: "camera" | "microphone"): Promise<Outcome> {
  if (!canCapture()) return found("not_secure_context");
  try {
    const track = await (kind === "camera" ? openCamera() : openMicrophone());
    const { label } = track;
    track.stop();
    return fine(label);
  } catch (error) {
    const { code, message } = error instanceof RtcError ? error : { code: "", message: String(error) };
    return found(deviceCauses[code] ?? "camera_busy", {}, message);
  }
}
