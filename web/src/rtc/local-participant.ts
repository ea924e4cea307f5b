// Oneself: one's devices and what is published of them.

import { openCamera, openMicrophone, openScreen } from "./devices";
import { LocalTrackEntry } from "./local-track";
import { sendOrigins } from "./origins";
import { ParticipantEntry } from "./participants";
import { RtcError, type CaptureOptions, type LocalParticipant, type SendOrigin } from "./types";

/** What a LocalParticipantEntry tells its room. */
export interface LocalParticipantOptions {
  /** What is sent as origin changed: announce it. Resolves at once while there is no connection. */
  changed(origin: SendOrigin): Promise<void>;
  rename(name: string): Promise<void>;
  setHand(raised: boolean): Promise<void>;
  /** A device stopped by itself. */
  error(error: RtcError): void;
}

type Device = "camera" | "microphone";

const openers = { camera: openCamera, microphone: openMicrophone } as const;

/** The LocalParticipant. Work on one origin is done one step after the other. */
export class LocalParticipantEntry extends ParticipantEntry implements LocalParticipant {
  readonly isLocal = true;
  private readonly byOrigin = new Map<SendOrigin, LocalTrackEntry>();
  private readonly work = new Map<SendOrigin, Promise<unknown>>();
  private readonly wishes: Record<Device, CaptureOptions> = { camera: {}, microphone: {} };

  constructor(private readonly options: LocalParticipantOptions) {
    super();
  }

  get tracks(): readonly LocalTrackEntry[] {
    return sendOrigins.flatMap((origin) => this.byOrigin.get(origin) ?? []);
  }
  get isCameraEnabled(): boolean {
    return this.isEnabled("camera");
  }
  get isMicrophoneEnabled(): boolean {
    return this.isEnabled("microphone");
  }
  get isScreenShareEnabled(): boolean {
    return this.isEnabled("screen");
  }

  track(origin: SendOrigin): LocalTrackEntry | undefined {
    return this.byOrigin.get(origin);
  }

  setCameraEnabled(on: boolean, options?: CaptureOptions): Promise<void> {
    return this.setDevice("camera", on, options);
  }

  setMicrophoneEnabled(on: boolean, options?: CaptureOptions): Promise<void> {
    return this.setDevice("microphone", on, options);
  }

  async setScreenShareEnabled(on: boolean): Promise<void> {
    if (!on) {
      await Promise.all([this.unpublishTrack("screen"), this.unpublishTrack("screen_audio")]);
    } else if (!this.isScreenShareEnabled) {
      const { video, audio } = await openScreen();
      await Promise.all([this.publish("screen", video, true), audio && this.publish("screen_audio", audio, true)]);
    }
  }

  switchDevice(kind: Device, deviceId: string): Promise<void> {
    return this.inTurn(kind, async () => {
      this.wishes[kind] = { ...this.wishes[kind], deviceId };
      const track = this.byOrigin.get(kind);
      if (!track?.mediaStreamTrack || !track.owned) return;
      await this.openInto(track, kind);
      await this.options.changed(kind);
    });
  }

  async publishTrack(media: MediaStreamTrack, origin: SendOrigin): Promise<LocalTrackEntry> {
    return this.publish(origin, media, false);
  }

  unpublishTrack(origin: SendOrigin): Promise<void> {
    return this.inTurn(origin, async () => {
      const track = this.byOrigin.get(origin);
      if (!track) return;
      this.byOrigin.delete(origin);
      track.setMedia(null, true);
      track.detach();
      await this.options.changed(origin);
    });
  }

  setName(name: string): Promise<void> {
    return this.options.rename(name);
  }

  setHand(raised: boolean): Promise<void> {
    return this.options.setHand(raised);
  }

  /** A host muted the track: a camera is released as if one had turned it off. */
  mutedByHost(track: LocalTrackEntry): void {
    if (track.origin === "camera" && track.owned) track.setMedia(null, true);
  }

  /** Releases all devices. */
  close(): void {
    for (const track of this.tracks) {
      track.setMedia(null, true);
      track.detach();
    }
    this.byOrigin.clear();
  }

  private isEnabled(origin: SendOrigin): boolean {
    return (this.byOrigin.get(origin)?.sending ?? null) !== null;
  }

  private setDevice(kind: Device, on: boolean, options?: CaptureOptions): Promise<void> {
    return this.inTurn(kind, async () => {
      if (options) this.wishes[kind] = { ...this.wishes[kind], ...options };
      let track = this.byOrigin.get(kind);
      if (on) {
        track ??= this.newTrack(kind);
        if (!track.mediaStreamTrack || track.mediaStreamTrack.readyState === "ended") await this.openInto(track, kind);
        this.byOrigin.set(kind, track);
        track.setMuted(false);
      } else if (track) {
        track.setMuted(true);
        // The camera's light goes out; the microphone stays open, so that one can talk again at once.
        if (kind === "camera" && track.owned) track.setMedia(null, true);
      }
      await this.options.changed(kind);
    });
  }

  /** Opens the device that is wished for. Where two can't be open at once the old one goes first. */
  private async openInto(track: LocalTrackEntry, kind: Device): Promise<void> {
    const open = (): Promise<MediaStreamTrack> => openers[kind](this.wishes[kind]);
    let media: MediaStreamTrack;
    try {
      media = await open();
    } catch (error) {
      const busy = error instanceof RtcError && error.code === "device_in_use" && track.mediaStreamTrack !== null;
      if (!busy) throw error;
      track.setMedia(null, true);
      media = await open();
    }
    track.setMedia(media, true);
    this.watch(track, media);
  }

  private publish(origin: SendOrigin, media: MediaStreamTrack, owned: boolean): Promise<LocalTrackEntry> {
    return this.inTurn(origin, async () => {
      const track = this.byOrigin.get(origin) ?? this.newTrack(origin);
      this.byOrigin.set(origin, track);
      track.setMedia(media, owned);
      track.setMuted(false);
      this.watch(track, media);
      await this.options.changed(origin);
      return track;
    });
  }

  private newTrack(origin: SendOrigin): LocalTrackEntry {
    // Outside of a step of work (a host's mute) the room announces by itself.
    return new LocalTrackEntry(origin, () => undefined);
  }

  /** The browser may end a track: a device is unplugged, the person stops sharing. */
  private watch(track: LocalTrackEntry, media: MediaStreamTrack): void {
    media.addEventListener("ended", () => {
      if (track.mediaStreamTrack !== media || this.byOrigin.get(track.origin) !== track) return;
      const { origin } = track;
      const device = origin === "camera" || origin === "microphone";
      if (device) this.options.error(new RtcError("device_failed", `The ${origin} stopped by itself.`));
      const off = device && track.owned ? this.setDevice(origin, false) : this.unpublishTrack(origin);
      off.catch(() => undefined);
    });
  }

  private inTurn<T>(origin: SendOrigin, action: () => Promise<T>): Promise<T> {
    const before = this.work.get(origin) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(action);
    this.work.set(origin, next);
    return next;
  }
}
