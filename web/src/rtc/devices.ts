// Cameras, microphones, speakers and screens of this computer.

import { RtcError, type CaptureOptions } from "./types";

/** A capture or playback device. label is empty until capture was allowed once. */
export interface Device {
  id: string;
  kind: "camera" | "microphone" | "speaker";
  label: string;
}

const kinds: Readonly<Record<string, Device["kind"]>> = {
  videoinput: "camera",
  audioinput: "microphone",
  audiooutput: "speaker",
};

/** The browser's devices; undefined on plain http, whatever the DOM types say. */
function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined;
}

/** Whether this page can capture at all: a secure context and a browser that can. */
export function canCapture(): boolean {
  return typeof mediaDevices()?.getUserMedia === "function";
}

/** Whether this browser can share its screen. */
export function canShareScreen(): boolean {
  return typeof mediaDevices()?.getDisplayMedia === "function";
}

/** Whether speakers can be chosen. */
export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

/** Lists the devices; empty in an insecure context. */
export async function listDevices(): Promise<Device[]> {
  const found = (await mediaDevices()?.enumerateDevices()) ?? [];
  return found.flatMap(({ deviceId, kind, label }) => {
    const known = kinds[kind];
    return known && deviceId ? [{ id: deviceId, kind: known, label }] : [];
  });
}

/** Calls listener when devices come or go; returns what ends it. */
export function onDevicesChanged(listener: () => void): () => void {
  const devices = mediaDevices();
  devices?.addEventListener("devicechange", listener);
  return () => devices?.removeEventListener("devicechange", listener);
}

/**
 * Opens a camera. Rejects with RtcError: insecure_context, device_denied,
 * device_in_use, device_none, device_failed.
 */
export function openCamera(options: CaptureOptions = {}): Promise<MediaStreamTrack> {
  const { deviceId, width = 1280, height = 720, frameRate = 30, facingMode } = options;
  return open("video", {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: frameRate },
    ...(deviceId !== undefined ? { deviceId: { exact: deviceId } } : facingMode && { facingMode }),
  });
}

/** Opens a microphone, with the errors of openCamera. */
export function openMicrophone(options: CaptureOptions = {}): Promise<MediaStreamTrack> {
  const { deviceId, echoCancellation = true, noiseSuppression = true, autoGainControl = true } = options;
  return open("audio", {
    echoCancellation,
    noiseSuppression,
    autoGainControl,
    ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
  });
}

/**
 * Lets the person pick a screen, window or tab; its sound comes with it where
 * the browser can. Rejects with "cancelled" when the person closes the picker.
 */
export async function openScreen(): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | null }> {
  const devices = mediaDevices();
  if (!devices || !canShareScreen()) throw new RtcError("not_supported", "This browser can't share its screen.");
  try {
    const stream = await devices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true });
    const [video] = stream.getVideoTracks();
    if (!video) throw new RtcError("device_failed", "The screen gave no picture.");
    // Text must stay sharp; motion may suffer.
    video.contentHint = "detail";
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    const named = captureError(error);
    throw named.code === "device_denied" ? new RtcError("cancelled", named.message) : named;
  }
}

async function open(kind: "audio" | "video", constraints: MediaTrackConstraints): Promise<MediaStreamTrack> {
  const devices = mediaDevices();
  if (!devices) throw new RtcError("insecure_context", "Browsers give access to devices on https and localhost only.");
  try {
    return firstTrack(await devices.getUserMedia({ [kind]: constraints }));
  } catch (error) {
    // The device that was chosen once may be gone: any other will do.
    if (!(error instanceof DOMException) || error.name !== "OverconstrainedError") throw captureError(error);
  }
  const { deviceId: _, ...rest } = constraints;
  try {
    return firstTrack(await devices.getUserMedia({ [kind]: rest }));
  } catch (error) {
    throw captureError(error);
  }
}

function firstTrack(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (!track) throw new RtcError("device_failed", "The device gave no track.");
  return track;
}

/** Names a failure of capture (W3C Media Capture, getUserMedia). */
export function captureError(error: unknown): RtcError {
  if (error instanceof RtcError) return error;
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return new RtcError("device_denied", message);
    case "NotReadableError":
    case "AbortError":
      return new RtcError("device_in_use", message);
    case "NotFoundError":
    case "OverconstrainedError":
      return new RtcError("device_none", message);
    default:
      return new RtcError("device_failed", `${name}: ${message}`);
  }
}
