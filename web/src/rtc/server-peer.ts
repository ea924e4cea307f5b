// The connection to the server: sending m-lines in a fixed order, a pool of
// receiving slots, two data channels. Negotiated once; only more slots and ICE
// restarts negotiate again.

import { Events } from "../protocol/events";
import { LabelLossy, LabelReliable, type Answer, type Kind, type RefusedMedia } from "../protocol/messages";
import { preferSharedCodecs } from "./codecs";
import { isRelay } from "./ice-servers";
import { serverEncodings } from "./encodings";
import { kindOf, sendOrigins } from "./origins";
import type { SendOrigin } from "./types";
import { Uplink } from "./uplink";

/** A receiving m-line. Its track is the same for as long as the connection lives. */
export interface Slot {
  readonly mid: string;
  readonly kind: Kind;
  readonly receiver: RTCRtpReceiver;
}

/** The events of a ServerPeer. */
export interface ServerPeerEvents {
  state: [state: RTCPeerConnectionState];
  /** The slots are known, or more of them. */
  slots: [];
  /** Both data channels are open. */
  open: [];
  data: [message: Uint8Array, reliable: boolean];
  /** m-lines that the server can't use. */
  refused: [media: readonly RefusedMedia[]];
  error: [error: unknown];
}

/** What a ServerPeer needs. */
export interface ServerPeerOptions {
  /** Sends an offer; resolves with the server's answer. */
  offer(sdp: string): Promise<Answer>;
  /** The newest that the server told. */
  iceServers(): RTCIceServer[];
}

/** Milliseconds after an answer within which ICE is to connect; then the server's relay is tried as well. */
const relayAfter = 1000;
/** Milliseconds that a connection may be "disconnected" before its ICE restarts. */
const patience = 500;
/** Milliseconds between ICE restarts of a connection that stays down. */
const restartInterval = 5000;

/** One RTCPeerConnection to the server. start() negotiates; close() ends it for good. */
export class ServerPeer extends Events<ServerPeerEvents> {
  readonly pc: RTCPeerConnection;
  readonly uplinks: ReadonlyMap<SendOrigin, Uplink>;
  private readonly channels: ReadonlyMap<boolean, RTCDataChannel>;
  private readonly receiving: RTCRtpTransceiver[] = [];
  /** The first offer, being made while the socket may still be opening. */
  private described: Promise<void> | null;
  private negotiation: Promise<void> = Promise.resolve();
  /** Whether the server knows the m-lines. */
  negotiated = false;
  /** Whether an ICE restart was begun that the server has not answered. */
  restarting = false;
  /** Whether the server's relays are among the ways that are tried. */
  private relays = false;
  private restartTimer: ReturnType<typeof setTimeout> | undefined;
  private relayTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    slots: { audio: number; video: number },
    private readonly options: ServerPeerOptions,
  ) {
    super();
    // Without ICE servers: nearly everybody reaches the server without.
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
    this.uplinks = new Map(sendOrigins.map((origin) => [origin, this.addUplink(origin)]));
    this.channels = new Map([
      [true, this.addChannel(LabelReliable, { ordered: true })],
      [false, this.addChannel(LabelLossy, { ordered: false, maxRetransmits: 0 })],
    ]);
    for (let i = 0; i < slots.audio; i++) this.addSlot("audio");
    for (let i = 0; i < slots.video; i++) this.addSlot("video");
    this.pc.onconnectionstatechange = () => this.stateChanged();
    this.described = this.pc.setLocalDescription();
    this.described.catch(() => undefined); // start() reports it
  }

  /** The slots that the server knows, in m-line order. */
  get slots(): readonly Slot[] {
    return this.receiving.flatMap(({ mid, receiver, currentDirection }) =>
      mid !== null && currentDirection !== null && currentDirection !== "stopped"
        ? [{ mid, kind: receiver.track.kind as Kind, receiver }]
        : [],
    );
  }

  /** The m-line of an origin's track; null before the first offer. */
  mid(origin: SendOrigin): string | null {
    return this.uplinks.get(origin)?.transceiver.mid ?? null;
  }

  /** Negotiates for the first time. */
  start(): Promise<void> {
    return this.negotiate();
  }

  /** Adds video slots; one negotiation. */
  addVideoSlots(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.addSlot("video");
    return this.negotiate();
  }

  /** Restarts ICE: the network changed, or nothing comes through. Failures are reported as error events. */
  restart(): void {
    if (!this.negotiated || this.pc.connectionState === "closed") return;
    clearTimeout(this.restartTimer);
    this.restarting = true;
    if (this.relays) this.setRelays();
    this.pc.restartIce();
    this.negotiate().catch((error: unknown) => this.emit("error", error));
  }

  /** The channel, if it is open. */
  channel(reliable: boolean): RTCDataChannel | null {
    const channel = this.channels.get(reliable);
    return channel?.readyState === "open" ? channel : null;
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    clearTimeout(this.restartTimer);
    clearTimeout(this.relayTimer);
    this.pc.onconnectionstatechange = null;
    for (const channel of this.channels.values()) channel.onmessage = channel.onopen = null;
    this.pc.close();
  }

  private addUplink(origin: SendOrigin): Uplink {
    const kind = kindOf(origin);
    const transceiver = this.pc.addTransceiver(kind, { direction: "sendonly", sendEncodings: serverEncodings(origin) });
    preferSharedCodecs(transceiver, kind);
    return new Uplink(origin, transceiver, (error) => this.emit("error", error));
  }

  private addSlot(kind: Kind): void {
    const transceiver = this.pc.addTransceiver(kind, { direction: "recvonly" });
    preferSharedCodecs(transceiver, kind);
    this.receiving.push(transceiver);
  }

  private addChannel(label: string, init: RTCDataChannelInit): RTCDataChannel {
    const channel = this.pc.createDataChannel(label, init);
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.emit("data", new Uint8Array(data), init.ordered ?? true);
    };
    channel.onopen = () => {
      if ([...this.channels.values()].every((c) => c.readyState === "open")) this.emit("open");
    };
    return channel;
  }

  /** One negotiation at a time. A failed one is rolled back, so that the next can be tried. */
  private negotiate(): Promise<void> {
    const next = this.negotiation.then(() => this.exchange());
    this.negotiation = next.catch(() => undefined);
    return next;
  }

  private async exchange(): Promise<void> {
    await (this.described ?? this.pc.setLocalDescription());
    this.described = null;
    try {
      // The server is ICE-lite and has all candidates in its answer, so the
      // offer need not wait for our own.
      const answer = await this.options.offer(this.pc.localDescription?.sdp ?? "");
      await this.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      if (answer.refused?.length) this.emit("refused", answer.refused);
    } catch (error) {
      if (this.pc.signalingState === "have-local-offer") await this.pc.setLocalDescription({ type: "rollback" });
      throw error;
    }
    this.negotiated = true;
    this.restarting = false;
    this.emit("slots");
    this.relayLater();
  }

  /**
   * ICE that has not connected soon after an answer is restarted with the
   * server's relays. They stay, so that later restarts have them from the start.
   */
  private relayLater(): void {
    clearTimeout(this.relayTimer);
    if (this.relays || this.pc.signalingState === "closed") return;
    this.relayTimer = setTimeout(() => {
      const state = this.pc.iceConnectionState;
      if (state === "connected" || state === "completed" || !this.options.iceServers().some(isRelay)) return;
      this.relays = true;
      this.restart();
    }, relayAfter);
  }

  /** Sets them anew: their credentials have a time. */
  private setRelays(): void {
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers: this.options.iceServers() });
  }

  private stateChanged(): void {
    const state = this.pc.connectionState;
    clearTimeout(this.restartTimer);
    if (state === "failed") this.restartAfter(0);
    else if (state === "disconnected") this.restartAfter(patience);
    this.emit("state", state);
  }

  private restartAfter(delay: number): void {
    this.restartTimer = setTimeout(() => {
      if (this.pc.connectionState === "connected") return;
      this.restart();
      this.restartAfter(restartInterval);
    }, delay);
  }
}
