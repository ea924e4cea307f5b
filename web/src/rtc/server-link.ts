// The connection to the server for as long as the stay in a room lasts: made
// anew for a new membership, and when nothing else brings it back.

import { Events } from "../protocol/events";
import { SignalError } from "../protocol/messages";
import { ServerPeer, type ServerPeerEvents, type ServerPeerOptions } from "./server-peer";
import type { MediaState, SendOrigin } from "./types";

/** The events of a ServerLink; those of its peers, and when there is another one. */
export type ServerLinkEvents = Omit<ServerPeerEvents, "open" | "data"> & {
  peer: [peer: ServerPeer];
};

/** Milliseconds that a connection may be down before another is made. */
const patience = 15_000;
/** Milliseconds before another attempt at a first negotiation that failed. */
const retry = 3000;
/** Slots are added by this many, up to so many in all. */
const slotStep = 4;
const maxVideoSlots = 48;

/** One ServerPeer at a time. */
export class ServerLink extends Events<ServerLinkEvents> {
  peer: ServerPeer | null = null;
  private video: number;
  private prepared: ServerPeer | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private adding = false;

  constructor(
    private readonly slots: { audio: number; video: number },
    private readonly options: ServerPeerOptions,
  ) {
    super();
    this.video = slots.video;
  }

  get state(): MediaState {
    return this.peer?.pc.connectionState ?? "new";
  }

  /** The m-line of an origin's track; null while the server knows of none. */
  mid(origin: SendOrigin): string | null {
    return this.peer?.negotiated ? this.peer.mid(origin) : null;
  }

  /** Makes the offer of the next connection ahead of time: it takes a quarter of a second at first. */
  prepare(): void {
    this.prepared ??= new ServerPeer({ audio: this.slots.audio, video: this.video }, this.options);
  }

  /** Makes another connection. */
  renew(): void {
    const { prepared } = this;
    this.prepared = null;
    this.close();
    const peer = prepared ?? new ServerPeer({ audio: this.slots.audio, video: this.video }, this.options);
    this.peer = peer;
    peer.on("state", (state) => this.stateChanged(state));
    peer.on("slots", () => this.emit("slots"));
    peer.on("refused", (media) => this.emit("refused", media));
    peer.on("error", (error) => {
      // The server has given this connection up: a restart can't bring it back.
      if (error instanceof SignalError && error.code === "not_found" && this.peer === peer) this.renew();
      else this.emit("error", error);
    });
    this.emit("peer", peer);
    peer.start().catch((error: unknown) => {
      if (this.peer !== peer) return;
      this.timer = setTimeout(() => this.renew(), retry);
      this.emit("error", error);
    });
  }

  /** The signalling is back: sees to a connection that suffered meanwhile. */
  check(): void {
    if (!this.peer?.negotiated) this.renew();
    else if (this.peer.restarting || this.state !== "connected") this.peer.restart();
  }

  /** Adds slots for so many more tracks, as far as there may be. */
  addVideoSlots(count: number): void {
    const { peer } = this;
    const more = Math.min(Math.ceil(count / slotStep) * slotStep, maxVideoSlots - this.video);
    if (!peer?.negotiated || this.adding || more <= 0) return;
    this.adding = true;
    this.video += more;
    peer.addVideoSlots(more)
      .catch((error: unknown) => this.emit("error", error))
      .finally(() => (this.adding = false));
  }

  /** Encodes only these streams of each video track; null for all. */
  setActive(rids: readonly string[] | null): void {
    for (const uplink of this.peer?.uplinks.values() ?? []) uplink.setActive(rids);
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    clearTimeout(this.timer);
    this.peer?.close();
    this.prepared?.close();
    this.peer = this.prepared = null;
    this.adding = false;
  }

  private stateChanged(state: MediaState): void {
    if (state === "connected") {
      clearTimeout(this.timer);
      this.timer = undefined;
    } else if (state === "failed" || state === "disconnected") {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.renew();
      }, patience);
    }
    this.emit("state", state);
  }
}
