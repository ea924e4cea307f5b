// The life of direct connections: the server starts and stops them, this end
// reports how they fare.

import { Events } from "../protocol/events";
import type { Direct, DirectStart, DirectStateKind, DirectStop } from "../protocol/messages";
import { DirectHealth } from "./direct-health";
import { DirectPeer } from "./direct-peer";
import type { SendOrigin } from "./types";

/** The events of a DirectLink. */
export interface DirectLinkEvents {
  /** The peer came, opened, changed its path, stops or went. */
  changed: [];
  trace: [what: string, detail: Record<string, unknown>];
}

/** What a DirectLink needs from its room. */
export interface DirectLinkOptions {
  iceServers(): RTCIceServer[];
  track(origin: SendOrigin): MediaStreamTrack | null;
  send(message: Direct): Promise<unknown>;
  report(session: string, state: DirectStateKind): void;
  /** Whether the other end sends any track that is not muted. */
  mediaExpected(member: string): boolean;
  /** Whether all that the other end sends comes by the direct connection. */
  mediaFlows(member: string): boolean;
  /** Whether anything is still shown from the direct connection. */
  inUse(): boolean;
}

/** Milliseconds in which a connection must be ready. */
const readyLimit = 15_000;
/** Milliseconds for which a stopped connection is kept at least, and at most. */
const stopAfter = 1000;
const stopLimit = 5000;
/** Milliseconds between two looks at a connection. */
const tickInterval = 100;
/** Ticks between two samples of its statistics. */
const ticksPerSample = 4;

/** At most one direct connection, from DirectStart until nothing is shown from it any more. */
export class DirectLink extends Events<DirectLinkEvents> {
  peer: DirectPeer | null = null;
  /** Nothing is heard of it for a moment: what it carries is asked for from the server, to be safe. */
  suspect = false;
  private started = 0;
  private stoppedAt: number | null = null;
  private reported: DirectStateKind | null = null;
  private health = new DirectHealth();
  private timer: ReturnType<typeof setInterval> | undefined;
  private ticks = 0;

  constructor(private readonly options: DirectLinkOptions) {
    super();
  }

  /** Whether the server has ended the connection, which may still be in use for a moment. */
  get stopping(): boolean {
    return this.stoppedAt !== null;
  }

  /** Opens a connection; another one that is still there gives way. The server repeats itself after a reconnect. */
  start(start: DirectStart): void {
    if (start.session === this.peer?.options.session) return;
    this.close();
    const peer = new DirectPeer({
      session: start.session,
      member: start.member,
      offerer: start.offer,
      iceServers: this.options.iceServers(),
      track: (origin) => this.options.track(origin),
      send: (message) => this.options.send(message),
    });
    this.peer = peer;
    this.started = performance.now();
    peer.on("open", () => this.changed("direct-open"));
    peer.on("peerPath", (path) => this.changed("direct-peer-path", { path }));
    peer.on("failed", (reason) => this.fail("failed", reason));
    this.timer = setInterval(() => this.tick(), tickInterval);
    this.changed("direct-start", { offer: start.offer });
  }

  /** Passes on a message of the other end. */
  handle(message: Direct): void {
    if (message.session === this.peer?.options.session) this.peer.handle(message);
  }

  /** Ends the connection, once what is shown comes by another path. */
  stop(stop: DirectStop): void {
    if (stop.session !== this.peer?.options.session || this.stopping) return;
    this.stoppedAt = performance.now();
    this.changed("direct-stop", { reason: stop.reason });
  }

  /** Ends the connection at once. Idempotent. */
  close(): void {
    clearInterval(this.timer);
    if (!this.peer) return;
    this.peer.close();
    this.peer = null;
    this.stoppedAt = this.reported = null;
    this.suspect = false;
    this.health = new DirectHealth();
    this.changed("direct-closed");
  }

  private tick(): void {
    const peer = this.peer;
    if (!peer) return;
    this.ticks++;
    const now = performance.now();
    if (this.stoppedAt !== null) this.closeIfDone(peer, now - this.stoppedAt);
    else if (this.reported === null) this.checkReady(peer, now);
    else if (this.reported === "ready" && this.ticks % ticksPerSample === 0) this.sample(peer).catch(() => undefined);
  }

  private checkReady(peer: DirectPeer, now: number): void {
    if (peer.isOpen && this.options.mediaFlows(peer.member)) this.say("ready");
    else if (now - this.started > readyLimit) this.fail("failed", peer.isOpen ? "no media came" : "no connection");
  }

  private closeIfDone(peer: DirectPeer, since: number): void {
    const done = !this.options.inUse() && peer.peerPath !== "p2p";
    if (since > stopLimit || (since > stopAfter && done)) this.close();
  }

  private async sample(peer: DirectPeer): Promise<void> {
    const report = await peer.pc.getStats();
    if (this.peer !== peer || this.stopping) return;
    let packets = 0;
    let lost = 0;
    for (const stats of report.values() as Iterable<RTCStats>) {
      if (stats.type !== "inbound-rtp") continue;
      const inbound = stats as RTCInboundRtpStreamStats;
      packets += inbound.packetsReceived ?? 0;
      lost += inbound.packetsLost ?? 0;
    }
    const mediaExpected = this.options.mediaExpected(peer.member);
    const verdict = this.health.judge({ at: performance.now(), packets, lost, pongs: peer.pongs, mediaExpected });
    const suspect = verdict === "suspect" || verdict === "stalled";
    if (this.suspect !== suspect) {
      this.suspect = suspect;
      this.changed("direct-suspect", { suspect });
    }
    if (verdict === "stalled" || verdict === "lossy") this.fail("poor", verdict);
  }

  private fail(state: "poor" | "failed", reason: string): void {
    // Poor may still become failed, but nothing is said twice.
    if (this.reported === "failed" || this.reported === state || this.stopping) return;
    this.emit("trace", "direct-fault", { state, reason });
    this.say(state);
  }

  private say(state: DirectStateKind): void {
    if (!this.peer) return;
    this.reported = state;
    this.options.report(this.peer.options.session, state);
    this.changed("direct-report", { state });
  }

  private changed(what: string, detail: Record<string, unknown> = {}): void {
    this.emit("trace", what, detail);
    this.emit("changed");
  }
}
