// What a track is encoded into on its way up.

import type { Layer } from "../protocol/messages";
import type { SendOrigin } from "./types";

interface SimulcastStream {
  rid: string;
  scale: number;
  /** bit/s at 720p and above. */
  bitrate: number;
}

/** The camera's streams, the smallest first: a quarter, half, full size. */
const cameraStreams: readonly SimulcastStream[] = [
  { rid: "q", scale: 4, bitrate: 150_000 },
  { rid: "h", scale: 2, bitrate: 500_000 },
  { rid: "f", scale: 1, bitrate: 1_700_000 },
];

const screenBitrate = 2_500_000;

/** The encodings of an origin's sender to the server. */
export function serverEncodings(origin: SendOrigin): RTCRtpEncodingParameters[] {
  if (origin === "camera") {
    return cameraStreams.map((s) => ({ rid: s.rid, scaleResolutionDownBy: s.scale, maxBitrate: s.bitrate, active: true }));
  }
  return origin === "screen" ? [{ maxBitrate: screenBitrate, active: true }] : [{ active: true }];
}

/** How Publish describes the streams of a track of this size (0 × 0 if not known). */
export function layersOf(origin: SendOrigin, width: number, height: number): Layer[] | undefined {
  if (origin !== "camera") return undefined;
  return cameraStreams.map((s) => ({
    rid: s.rid,
    width: Math.round(width / s.scale),
    height: Math.round(height / s.scale),
    bitrate: s.bitrate,
  }));
}
