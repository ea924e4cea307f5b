// What a track is encoded into on its way to the server.

import type { Layer } from "../protocol/messages";
import type { SendOrigin } from "./types";

/** One simulcast stream of a camera. */
export interface Stream {
  rid: string;
  /** How many times smaller than the camera's picture, in both directions. */
  scale: number;
  /** bit/s at most. */
  bitrate: number;
}

/** The streams' identifiers, the smallest picture first. */
const rids = ["q", "h", "f"] as const;

/**
 * Pictures of fewer pixels are sent in fewer streams. These are libwebrtc's
 * limits; it would leave out the largest streams, so the scales must follow.
 */
const threeStreams = 960 * 540;
const twoStreams = 480 * 270;

const screenBitrate = 2_500_000;

/** A good bitrate in bit/s for a camera's picture: 1.7 Mbit/s at 720p, 0.5 at 360p, 0.15 at 180p. */
function bitrateOf(pixels: number): number {
  return Math.round((1_700_000 * (pixels / (1280 * 720)) ** 0.87) / 10_000) * 10_000;
}

/** The streams of a camera's picture of this size (0 × 0 if not known), the smallest first. */
export function cameraStreams(width: number, height: number): Stream[] {
  const pixels = width * height || 1280 * 720;
  const count = pixels >= threeStreams ? 3 : pixels >= twoStreams ? 2 : 1;
  return rids.slice(0, count).map((rid, i) => {
    const scale = 2 ** (count - 1 - i);
    return { rid, scale, bitrate: bitrateOf(pixels / scale ** 2) };
  });
}

/** The encodings that an origin's sender is made with. */
export function serverEncodings(origin: SendOrigin): RTCRtpEncodingParameters[] {
  if (origin === "camera") {
    return cameraStreams(0, 0).map((s) => ({ rid: s.rid, scaleResolutionDownBy: s.scale, maxBitrate: s.bitrate }));
  }
  return origin === "screen" ? [{ maxBitrate: screenBitrate }] : [{}];
}

/** How Publish describes the streams of a track of this size (0 × 0 if not known). */
export function layersOf(origin: SendOrigin, width: number, height: number): Layer[] | undefined {
  if (origin !== "camera") return undefined;
  return cameraStreams(width, height).map(({ rid, scale, bitrate }) => ({
    rid, bitrate, width: Math.round(width / scale), height: Math.round(height / scale),
  }));
}

/**
 * Sets which of a sender's encodings run and how: those that the size of its
 * picture gives and that are wanted (null: all). Returns whether anything changed.
 */
export function applyEncodings(
  parameters: RTCRtpSendParameters,
  size: { width?: number; height?: number },
  wanted: readonly string[] | null,
): boolean {
  const streams = cameraStreams(size.width ?? 0, size.height ?? 0);
  let changed = false;
  const set = <T, K extends keyof T>(target: T, key: K, value: T[K]): void => {
    if (target[key] === value) return;
    target[key] = value;
    changed = true;
  };
  for (const encoding of parameters.encodings) {
    const stream = streams.find((s) => s.rid === encoding.rid);
    const exists = encoding.rid === undefined || stream !== undefined;
    set(encoding, "active", exists && (wanted === null || wanted.includes(encoding.rid ?? "")));
    if (!stream) continue;
    set(encoding, "scaleResolutionDownBy", stream.scale);
    set(encoding, "maxBitrate", stream.bitrate);
    // The server chooses among streams by their size, so a browser that is
    // short of bits or time must not make one smaller.
    set(parameters, "degradationPreference", "maintain-resolution");
  }
  return changed;
}
