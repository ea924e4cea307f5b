// Takes samples of all connections and tells each track its own.

import type { DirectPeer } from "./direct-peer";
import type { LocalTrackEntry } from "./local-track";
import { isSendOrigin } from "./origins";
import type { Reception } from "./reception";
import type { Roster } from "./roster";
import type { ServerPeer } from "./server-peer";
import { StatsReader } from "./stats-reader";
import type { LivePath, Origin, RoomStats, TrackStats } from "./types";

/** What a StatsSampler looks at. */
export interface StatsSamplerOptions {
  server(): ServerPeer | null;
  direct(): DirectPeer | null;
  roster: Roster;
  reception: Reception;
  localTracks(): readonly LocalTrackEntry[];
}

type Connection = ServerPeer | DirectPeer;

/** Samples statistics; rates are over the time since the last sample. */
export class StatsSampler {
  private readonly readers = new WeakMap<Connection, StatsReader>();

  constructor(private readonly options: StatsSamplerOptions) {}

  /** Takes a sample. */
  async sample(): Promise<RoomStats> {
    const server = this.options.server();
    const direct = this.options.direct();
    const [viaServer, viaDirect] = await Promise.all([this.read(server, "sfu"), this.read(direct, "p2p")]);
    const tracks = new Map<string, TrackStats>();
    const find = (direct: boolean, direction: "up" | "down", mid: string | null | undefined): TrackStats | null =>
      (direct ? viaDirect : viaServer)?.streams.find((s) => s.direction === direction && s.mid === mid) ?? null;
    for (const track of this.options.roster.tracks) {
      track.stats = track.path === "p2p"
        ? find(true, "down", directMid(direct, track.origin))
        : find(false, "down", this.options.reception.slotOf(track.id)?.slot.mid);
      if (track.stats) tracks.set(track.id, track.stats);
    }
    const { program } = this.options.roster;
    for (const track of [program.video, program.audio]) {
      const stats = find(false, "down", this.options.reception.slotOf(track.id)?.slot.mid);
      track.stats = stats && track.path ? { ...stats, path: track.path } : null;
      if (track.stats) tracks.set(track.id, track.stats);
    }
    const { upIdle } = this.options.reception;
    for (const track of this.options.localTracks()) {
      track.stats = find(upIdle, "up", upIdle ? directMid(direct, track.origin) : server?.mid(track.origin));
      if (track.stats) tracks.set(track.id, track.stats);
    }
    const connections = [viaServer, viaDirect].flatMap((via) => via?.connection ?? []);
    return { at: performance.now(), connections, tracks };
  }

  private async read(peer: Connection | null, path: LivePath): Promise<ReturnType<StatsReader["read"]> | null> {
    if (!peer) return null;
    let reader = this.readers.get(peer);
    if (!reader) this.readers.set(peer, (reader = new StatsReader(path)));
    const report = await peer.pc.getStats();
    return reader.read(report.values() as Iterable<Record<string, unknown>>, performance.now());
  }
}

function directMid(direct: DirectPeer | null, origin: Origin): string | null {
  return isSendOrigin(origin) ? (direct?.mid(origin) ?? null) : null;
}
