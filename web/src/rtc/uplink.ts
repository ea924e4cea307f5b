// One sending m-line: which track it carries, and which of its encodings run.

import { applyEncodings } from "./encodings";
import type { SendOrigin } from "./types";

/**
 * Brings an RTCRtpSender to what is wanted, one step at a time: the sender's
 * methods are asynchronous and must not overlap. Nothing here negotiates.
 */
export class Uplink {
  private track: MediaStreamTrack | null = null;
  private paused = false;
  private active: readonly string[] | null = null;
  private running: Promise<void> | null = null;
  private stale = false;

  constructor(
    readonly origin: SendOrigin,
    readonly transceiver: RTCRtpTransceiver,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Sends track, or nothing. */
  setTrack(track: MediaStreamTrack | null): void {
    this.track = track;
    this.update();
  }

  /** Stops sending without forgetting the track. */
  setPaused(paused: boolean): void {
    if (this.paused === paused) return;
    this.paused = paused;
    this.update();
  }

  /** Encodes only the streams of these rids ("" for the one without rid); null for all. */
  setActive(rids: readonly string[] | null): void {
    this.active = rids;
    this.update();
  }

  private update(): void {
    this.stale = true;
    this.running ??= this.run().finally(() => (this.running = null));
  }

  private async run(): Promise<void> {
    while (this.stale) {
      this.stale = false;
      try {
        await this.apply();
      } catch (error) {
        if (this.transceiver.sender.transport?.state !== "closed") this.failed(error);
      }
    }
  }

  private async apply(): Promise<void> {
    const { sender } = this.transceiver;
    const track = this.paused ? null : this.track;
    const parameters = sender.getParameters();
    if (applyEncodings(parameters, this.track?.getSettings() ?? {}, this.active)) {
      await sender.setParameters(parameters);
    }
    if (sender.track !== track) await sender.replaceTrack(track);
  }
}
