// The statistics of the public API.

import type { LivePath } from "./types";

/** One sample of one track's transport; rates are over the time since the last sample. */
export interface TrackStats {
  direction: "up" | "down";
  path: LivePath;
  codec: string;
  /** bit/s of media. */
  bitrate: number;
  /** Packets lost, 0 to 1. */
  loss: number;
  /** Milliseconds, 0 if not known. */
  jitter: number;
  /** Of the connection it flows on, milliseconds, 0 if not known. */
  rtt: number;
  /** Of the picture sent or received; 0 for audio. */
  width: number;
  height: number;
  /** Pictures per second. */
  frameRate: number;
  /** Milliseconds that pictures stood still since the track came. */
  frozen: number;
  /** The simulcast stream that flows ("q", "h", "f"), or "". */
  rid: string;
}

/** A connection's own figures. */
export interface ConnectionStats {
  path: LivePath;
  /** Milliseconds. */
  rtt: number;
  /** bit/s that may be sent by the browser's estimate, 0 if not known. */
  availableUp: number;
  /** ICE candidate types and protocol in use, such as "host/udp". */
  local: string;
  remote: string;
}

/** A sample of the whole room. */
export interface RoomStats {
  /** performance.now milliseconds. */
  at: number;
  connections: ConnectionStats[];
  /** By track id; a track on two paths during a switch shows the one in use. */
  tracks: ReadonlyMap<string, TrackStats>;
}
