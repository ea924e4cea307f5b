// The connection to one other browser: four m-lines both ways in the order of
// sendOrigins, candidates trickled through the server, and a channel on which
// the two tell each other what they receive.

import { Events } from "../protocol/events";
import type { Candidate, Direct } from "../protocol/messages";
import { preferSharedCodecs, withoutStrayFormats } from "./codecs";
import { kindOf, sendOrigins } from "./origins";
import type { LivePath, SendOrigin } from "./types";
import { Uplink } from "./uplink";

/** The events of a DirectPeer. */
export interface DirectPeerEvents {
  /** Packets flow: a message went there and came back. */
  open: [];
  /** The other end's path changed. */
  peerPath: [path: LivePath];
  failed: [reason: string];
}

/** What a DirectPeer needs. */
export interface DirectPeerOptions {
  session: string;
  /** The other end's member id. */
  member: string;
  offerer: boolean;
  iceServers: RTCIceServer[];
  /** What to send from the start. */
  track(origin: SendOrigin): MediaStreamTrack | null;
  send(message: Direct): Promise<unknown>;
}

/** What the two ends say to each other; the channel is the browsers' own. */
type ChannelMessage = { ping: number } | { pong: number } | { path: LivePath };

/** Milliseconds between two pings. */
const pingInterval = 500;

/** One RTCPeerConnection to another browser. Makes no judgement of itself; DirectLink does. */
export class DirectPeer extends Events<DirectPeerEvents> {
  readonly pc: RTCPeerConnection;
  /** Whether the channel has carried a message both ways. */
  isOpen = false;
  /** How many answers to pings came. */
  pongs = 0;
  /** What the other end receives by; "sfu" until it says otherwise. */
  peerPath: LivePath = "sfu";
  private ownPath: LivePath = "sfu";
  private uplinks: readonly Uplink[] = [];
  private readonly channel: RTCDataChannel;
  private early: Candidate[] = [];
  private work: Promise<void> = Promise.resolve();
  private pingTimer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly options: DirectPeerOptions) {
    super();
    this.pc = new RTCPeerConnection({
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
      iceServers: options.iceServers,
    });
    this.pc.onicecandidate = ({ candidate }) => candidate && this.sendCandidate(candidate);
    this.pc.onconnectionstatechange = () => this.pc.connectionState === "failed" && this.fail("ICE or DTLS failed");
    this.channel = this.pc.createDataChannel("tutti-direct", { negotiated: true, id: 0 });
    this.channel.onopen = () => this.startPings();
    this.channel.onmessage = ({ data }: MessageEvent<unknown>) => typeof data === "string" && this.receive(data);
    if (options.offerer) {
      for (const origin of sendOrigins) this.pc.addTransceiver(kindOf(origin), { direction: "sendrecv" });
      this.step(() => this.describe("offer"));
    }
  }

  get member(): string {
    return this.options.member;
  }

  /** What comes from the other end on an origin's m-line; null before negotiation. */
  receiver(origin: SendOrigin): RTCRtpReceiver | null {
    return this.uplinks.find((u) => u.origin === origin)?.transceiver.receiver ?? null;
  }

  /** The m-line of an origin; null before negotiation. */
  mid(origin: SendOrigin): string | null {
    return this.uplinks.find((u) => u.origin === origin)?.transceiver.mid ?? null;
  }

  /** Sends track, or nothing, as origin. */
  setTrack(origin: SendOrigin, track: MediaStreamTrack | null): void {
    this.uplinks.find((u) => u.origin === origin)?.setTrack(track);
  }

  /** Takes a message of the other end. */
  handle(message: Direct): void {
    const { sdp, sdp_type: type, candidate } = message;
    if (sdp !== undefined && (type === "offer" || type === "answer")) {
      this.step(() => this.takeDescription({ type, sdp }));
    }
    if (candidate) this.step(() => this.takeCandidate(candidate));
  }

  /** Tells the other end by which path one receives. */
  setPath(path: LivePath): void {
    if (this.ownPath === path) return;
    this.ownPath = path;
    if (this.isOpen) this.say({ path });
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    clearInterval(this.pingTimer);
    this.pc.onicecandidate = this.pc.onconnectionstatechange = null;
    this.channel.onopen = this.channel.onmessage = null;
    this.pc.close();
  }

  private async describe(type: "offer" | "answer"): Promise<void> {
    if (type === "offer") this.useTransceivers();
    await this.pc.setLocalDescription();
    await this.options.send({ session: this.options.session, sdp_type: type, sdp: withoutStrayFormats(this.pc.localDescription?.sdp ?? "") });
  }

  private async takeDescription(description: { type: "offer" | "answer"; sdp: string }): Promise<void> {
    await this.pc.setRemoteDescription(description);
    for (const candidate of this.early.splice(0)) await this.takeCandidate(candidate);
    if (description.type === "offer") {
      this.useTransceivers();
      await this.describe("answer");
    }
  }

  private async takeCandidate(candidate: Candidate): Promise<void> {
    if (!this.pc.remoteDescription) {
      this.early.push(candidate);
      return;
    }
    // A candidate that this browser can't use is no reason to give up.
    await this.pc.addIceCandidate(candidate).catch(() => undefined);
  }

  private sendCandidate(candidate: RTCIceCandidate): void {
    const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    const message: Candidate = { candidate: text };
    if (sdpMid !== null) message.sdpMid = sdpMid;
    if (sdpMLineIndex !== null) message.sdpMLineIndex = sdpMLineIndex;
    if (usernameFragment !== null) message.usernameFragment = usernameFragment;
    this.options.send({ session: this.options.session, candidate: message }).catch(() => undefined);
  }

  /** Both ends have the transceivers in the order of the offer. */
  private useTransceivers(): void {
    const transceivers = this.pc.getTransceivers();
    this.uplinks = sendOrigins.flatMap((origin, i) => {
      const transceiver = transceivers[i];
      if (!transceiver) return [];
      transceiver.direction = "sendrecv";
      preferSharedCodecs(transceiver, kindOf(origin));
      const uplink = new Uplink(origin, transceiver, (error) => this.fail(String(error)));
      uplink.setTrack(this.options.track(origin));
      return [uplink];
    });
  }

  private startPings(): void {
    const ping = (): void => this.say({ ping: performance.now() });
    this.pingTimer = setInterval(ping, pingInterval);
    ping();
  }

  private receive(text: string): void {
    let message: ChannelMessage;
    try {
      message = JSON.parse(text) as ChannelMessage;
    } catch {
      return;
    }
    if ("ping" in message) this.say({ pong: message.ping });
    else if ("pong" in message) this.ponged();
    else if (message.path === "p2p" || message.path === "sfu") {
      this.peerPath = message.path;
      this.emit("peerPath", message.path);
    }
  }

  private ponged(): void {
    this.pongs++;
    if (this.isOpen) return;
    this.isOpen = true;
    this.say({ path: this.ownPath });
    this.emit("open");
  }

  private say(message: ChannelMessage): void {
    if (this.channel.readyState === "open") this.channel.send(JSON.stringify(message));
  }

  /** One step of negotiation at a time; a fault ends the attempt. */
  private step(action: () => Promise<void>): void {
    this.work = this.work.then(action).catch((error: unknown) => this.fail(String(error)));
  }

  private fail(reason: string): void {
    if (this.pc.connectionState !== "closed") this.emit("failed", reason);
  }
}
