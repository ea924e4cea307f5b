// Messages to the other members' pages, over the data channels to the server.

import { decodeData, encodeData } from "../protocol/data";
import { Events } from "../protocol/events";
import { RtcError, type DataMessage, type DataOptions } from "./types";
import type { ServerPeer } from "./server-peer";

/** The events of a DataHub. */
export interface DataHubEvents {
  message: [message: DataMessage];
}

/** Bytes in the channel's queue above which a sender waits. */
const highWater = 256 * 1024;
/** Milliseconds that a message waits for the channel to open. */
const openLimit = 10_000;

/** Sends and receives data messages; outlives the connections to the server. */
export class DataHub extends Events<DataHubEvents> {
  private peer: ServerPeer | null = null;
  private waiting = new Set<() => void>();

  /** Uses another connection from now on, or none. */
  setPeer(peer: ServerPeer | null): void {
    this.peer = peer;
    peer?.on("open", () => this.peer === peer && this.opened());
    peer?.on("data", (bytes, reliable) => this.peer === peer && this.receive(bytes, reliable));
  }

  /** Whether a message would leave at once. */
  get isOpen(): boolean {
    return (this.peer?.channel(true) ?? null) !== null;
  }

  /**
   * Sends a message. Resolves when the channel's queue is short again, so that
   * a sender that waits for it never floods. Lossy messages that would have to
   * wait are dropped. Rejects with "not_connected".
   */
  async send(payload: Uint8Array, { topic, to, reliable = true }: DataOptions): Promise<void> {
    const message = encodeData({ topic, ...(to !== undefined && { to }) }, payload);
    if (!reliable) {
      const channel = this.peer?.channel(false);
      if (channel && channel.bufferedAmount < highWater) channel.send(message);
      return;
    }
    if (!this.isOpen) await this.opening();
    const channel = this.peer?.channel(true);
    if (!channel) throw notConnected();
    channel.send(message);
    if (channel.bufferedAmount > highWater) await drained(channel);
  }

  /** Fails what waits. */
  close(): void {
    this.peer = null;
    this.opened();
  }

  private receive(bytes: Uint8Array, reliable: boolean): void {
    const data = decodeData(bytes);
    if (!data) return;
    const { header: { topic, from = "" }, payload } = data;
    this.emit("message", { from, topic, payload, reliable });
  }

  private opening(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, openLimit);
      this.waiting.add(done);
    });
  }

  private opened(): void {
    for (const done of [...this.waiting]) done();
  }
}

function notConnected(): RtcError {
  return new RtcError("not_connected", "The data channel to the server is not open.");
}

function drained(channel: RTCDataChannel): Promise<void> {
  channel.bufferedAmountLowThreshold = highWater / 2;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      channel.removeEventListener("bufferedamountlow", low);
      channel.removeEventListener("close", closed);
    };
    const low = (): void => (end(), resolve());
    const closed = (): void => (end(), reject(notConnected()));
    channel.addEventListener("bufferedamountlow", low);
    channel.addEventListener("close", closed);
  });
}
