// Reads W3C statistics reports into the figures of the public API. Pure: a
// report and the counts of the last one go in, figures come out.

import { selectedPair } from "./connection";
import type { ConnectionStats, TrackStats } from "./stats-types";
import type { LivePath } from "./types";

/** Counts of a stream at an earlier time, by which rates are found. */
export interface Counts {
  at: number;
  bytes: number;
  packets: number;
  lost: number;
  frames: number;
}

/** One m-line's figures, before it is known which track it carries. */
export interface StreamStats extends TrackStats {
  mid: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads one connection's reports in turn. */
export class StatsReader {
  private last = new Map<string, Counts>();

  constructor(private readonly path: LivePath) {}

  /** The figures of a report that was taken at this time in milliseconds. */
  read(report: Iterable<Fields>, at: number): { streams: StreamStats[]; connection: ConnectionStats } {
    const byId = new Map<string, Fields>();
    for (const stats of report) byId.set(text(stats, "id"), stats);
    const pair = selectedPair(byId);
    const rtt = number(pair, "currentRoundTripTime") * 1000;
    const connection: ConnectionStats = {
      path: this.path,
      rtt,
      availableUp: number(pair, "availableOutgoingBitrate"),
      local: candidate(byId.get(text(pair, "localCandidateId"))),
      remote: candidate(byId.get(text(pair, "remoteCandidateId"))),
    };
    const next = new Map<string, Counts>();
    const streams = new Map<string, StreamStats>();
    for (const [id, stats] of byId) {
      const direction = stats["type"] === "inbound-rtp" ? "down" : stats["type"] === "outbound-rtp" ? "up" : null;
      if (!direction) continue;
      const counts = direction === "down" ? downCounts(stats, at) : upCounts(stats, at);
      next.set(id, counts);
      const stream = this.stream(stats, byId, counts, this.last.get(id), direction, rtt);
      const known = streams.get(stream.mid);
      streams.set(stream.mid, known ? together(known, stream) : stream);
    }
    this.last = next;
    return { streams: [...streams.values()], connection };
  }

  private stream(
    stats: Fields, byId: ReadonlyMap<string, Fields>, now: Counts, before: Counts | undefined,
    direction: "up" | "down", rtt: number,
  ): StreamStats {
    const seconds = before ? Math.max(0.001, (now.at - before.at) / 1000) : Infinity;
    const packets = now.packets - (before?.packets ?? 0);
    const lost = Math.max(0, now.lost - (before?.lost ?? 0));
    const remote = byId.get(text(stats, "remoteId"));
    return {
      mid: text(stats, "mid"),
      direction,
      path: this.path,
      codec: text(byId.get(text(stats, "codecId")), "mimeType").replace(/^.*\//, ""),
      bitrate: Math.round(((now.bytes - (before?.bytes ?? 0)) * 8) / seconds),
      loss: direction === "up" ? number(remote, "fractionLost") : before && packets + lost > 0 ? lost / (packets + lost) : 0,
      jitter: number(direction === "up" ? remote : stats, "jitter") * 1000,
      rtt: number(remote, "roundTripTime") * 1000 || rtt,
      width: number(stats, "frameWidth"),
      height: number(stats, "frameHeight"),
      frameRate: Math.round((now.frames - (before?.frames ?? 0)) / seconds),
      frozen: Math.round(number(stats, "totalFreezesDuration") * 1000),
      rid: text(stats, "rid"),
    };
  }
}

/** Simulcast streams of one m-line as one: the sum of what flows, the largest picture. */
function together(a: StreamStats, b: StreamStats): StreamStats {
  const larger = a.width * a.height * (a.bitrate > 0 ? 1 : 0) >= b.width * b.height * (b.bitrate > 0 ? 1 : 0) ? a : b;
  return { ...larger, bitrate: a.bitrate + b.bitrate, loss: Math.max(a.loss, b.loss) };
}

function downCounts(stats: Fields, at: number): Counts {
  return {
    at,
    bytes: number(stats, "bytesReceived"),
    packets: number(stats, "packetsReceived"),
    lost: number(stats, "packetsLost"),
    frames: number(stats, "framesDecoded"),
  };
}

function upCounts(stats: Fields, at: number): Counts {
  return { at, bytes: number(stats, "bytesSent"), packets: number(stats, "packetsSent"), lost: 0, frames: number(stats, "framesEncoded") };
}

function candidate(stats: Fields | undefined): string {
  return stats ? `${text(stats, "candidateType")}/${text(stats, "protocol")}` : "";
}

function text(stats: Fields | undefined, key: string): string {
  const value = stats?.[key];
  return typeof value === "string" ? value : "";
}

function number(stats: Fields | undefined, key: string): number {
  const value = stats?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
