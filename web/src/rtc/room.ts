// The Room that a page holds: a stay in a room when there is one, and what
// outlives it.

import { signalAddress } from "../protocol/address";
import { Events } from "../protocol/events";
import type { ChatLine, ClientMessages, Limits, ModerateAction, Path, RequestType, Settings } from "../protocol/messages";
import { emptyRoom } from "../protocol/room-state";
import { loadAdapter, supportsCalls } from "./adapter";
import { AudioOutputs } from "./audio-outputs";
import { LocalParticipantEntry } from "./local-participant";
import { sendOrigins } from "./origins";
import { ProgramEntry } from "./program";
import { Session, toRtcError } from "./session";
import {
  RtcError, type ConnectionState, type ConnectOptions, type DataOptions, type LocalParticipant, type MediaState,
  type OutgoingFile, type Participant, type Program, type RemoteParticipant, type RemoteTrack, type Room, type RoomEvents,
  type RoomOptions, type RoomStats, type ServerConnection, type ViewItem,
} from "./types";

const defaults: Required<RoomOptions> = { direct: true, slots: { audio: 3, video: 9 }, statsInterval: 2 };

/** Events that a page need not render anew for. */
const quiet: ReadonlySet<keyof RoomEvents> = new Set(["changed", "stats", "trace", "dataReceived", "error"]);

/** The Room of createRoom. */
export class RoomEntry extends Events<RoomEvents> implements Room {
  state: ConnectionState = "disconnected";
  readonly outputs = new AudioOutputs();
  private readonly local: LocalParticipantEntry;
  private readonly noProgram = new ProgramEntry();
  private readonly options: Required<RoomOptions>;
  private session: Session | null = null;
  private statsTimer: ReturnType<typeof setInterval> | undefined;
  private changing = false;

  constructor(options: RoomOptions = {}) {
    super();
    this.options = { ...defaults, ...options };
    this.local = new LocalParticipantEntry({
      changed: async (origin) => {
        try {
          await this.session?.localChanged(origin);
        } catch (error) {
          throw toRtcError(error);
        } finally {
          this.emit("changed");
        }
      },
      rename: (name) => this.ask("rename", { name }),
      setHand: (raised) => this.ask("set_hand", { raised }),
      error: (error) => this.emit("error", error),
    });
    this.outputs.on("allowed", (allowed) => this.emit("audioPlaybackChanged", allowed));
  }

  get mediaState(): MediaState {
    return this.session?.server.state ?? "new";
  }
  get connection(): ServerConnection | null {
    return this.session?.connection.connection ?? null;
  }
  get name(): string {
    return this.session?.state.name ?? "";
  }
  get localParticipant(): LocalParticipant {
    return this.local;
  }
  get participants(): readonly RemoteParticipant[] {
    return this.session?.roster.participants ?? [];
  }
  get activeSpeakers(): readonly Participant[] {
    return this.session?.roster.activeSpeakers ?? [];
  }
  get program(): Program {
    return this.session?.roster.program ?? this.noProgram;
  }
  get settings(): Settings {
    return (this.session?.state ?? emptyRoom).settings;
  }
  get chat(): readonly ChatLine[] {
    return this.session?.state.chat ?? [];
  }
  get limits(): Limits | null {
    return this.session?.welcome?.limits ?? null;
  }
  get server(): string {
    return this.session?.welcome?.server ?? "";
  }
  get canPlayAudio(): boolean {
    return this.outputs.allowed;
  }

  override emit<K extends keyof RoomEvents>(event: K, ...args: RoomEvents[K]): void {
    if (event !== "changed") super.emit(event, ...args);
    if (this.changing || (quiet.has(event) && event !== "changed")) return;
    this.changing = true;
    queueMicrotask(() => {
      this.changing = false;
      super.emit("changed");
    });
  }

  async connect(url: string, options: ConnectOptions): Promise<void> {
    if (this.state !== "disconnected") throw new RtcError("joined", "This Room is connected; disconnect it first.");
    if (!supportsCalls()) throw new RtcError("not_supported", "This browser has no WebRTC.");
    this.setState("connecting");
    // Who only watches shows nothing, and holds no device open, not even one that is about to be.
    if (options.viewer) for (const origin of sendOrigins) void this.local.unpublishTrack(origin).catch(() => undefined);
    let session: Session | null = null;
    try {
      await loadAdapter();
      session = this.session = this.newSession(url, options);
      const joined = session.signal.join();
      session.server.prepare();
      await joined;
    } catch (error) {
      if (this.session === session) this.endSession();
      throw toRtcError(error);
    }
    if (this.session !== session) throw new RtcError("cancelled", "You left before the room was joined.");
    this.setState("connected");
    this.emit("connected");
    this.startStats();
  }

  async disconnect(): Promise<void> {
    const wasThere = this.session !== null;
    this.endSession();
    this.local.close();
    if (wasThere) this.emit("disconnected", "left", "You left the room.");
  }

  participant(id: string): Participant | undefined {
    return this.session?.roster.participant(id);
  }

  setView(items: readonly ViewItem[]): void {
    this.session?.reception.setWishes(items.map(({ track, width, height }) => ({ track: track.id, width, height })));
  }

  async sendChat(text: string, to?: string): Promise<void> {
    const max = this.limits?.chat_chars ?? Infinity;
    if ([...text].length > max) throw new RtcError("too_large", `A chat line may have ${max} characters.`);
    await this.within((session) => session.sendChat(text, to));
  }

  sendData(payload: Uint8Array, options: DataOptions): Promise<void> {
    return this.within((session) => session.hub.send(payload, options));
  }

  sendFile(file: File, to = ""): OutgoingFile {
    if (!this.session) throw notConnected();
    return this.session.files.send(file, to);
  }

  setPath(path: Path, participantId?: string): Promise<void> {
    return this.ask("set_path", { path, ...(participantId !== undefined && { member: participantId }) });
  }

  muteTrack(track: RemoteTrack): Promise<void> {
    return this.moderate("mute", { member: track.participant.id, track: track.id });
  }

  removeParticipant(id: string): Promise<void> {
    return this.moderate("remove", { member: id });
  }

  makeHost(id: string): Promise<void> {
    return this.moderate("make_host", { member: id });
  }

  lowerHand(id: string): Promise<void> {
    return this.moderate("lower_hand", { member: id });
  }

  updateSettings(settings: Partial<Settings>): Promise<void> {
    const { locked, path } = this.settings;
    return this.moderate("settings", { settings: { locked, path, ...settings } });
  }

  endRoom(): Promise<void> {
    return this.moderate("end", {});
  }

  startAudio(): Promise<void> {
    return this.outputs.start();
  }

  setSpeaker(deviceId: string): Promise<void> {
    return this.outputs.setSpeaker(deviceId);
  }

  getStats(): Promise<RoomStats> {
    return this.within((session) => {
      void session.connection.look();
      return session.sampler.sample();
    });
  }

  private newSession(url: string, options: ConnectOptions): Session {
    const { local, outputs } = this;
    const session = new Session({
      options: this.options,
      local,
      outputs,
      emit: (event, ...args) => {
        if (event === "reconnecting") this.state = "reconnecting";
        if (event === "reconnected") this.state = "connected";
        this.emit(event, ...args);
      },
      ended: (error) => {
        if (this.session !== session) return;
        this.endSession();
        local.close();
        this.emit("disconnected", error.code, error.message);
      },
    }, signalAddress(url, location.href), options);
    return session;
  }

  private endSession(): void {
    clearInterval(this.statsTimer);
    const { session } = this;
    this.session = null;
    // First, so that the others who go now are not taken for people who leave.
    this.setState("disconnected");
    session?.leave();
  }

  private setState(state: ConnectionState): void {
    this.state = state;
    this.emit("changed");
  }

  private startStats(): void {
    const { statsInterval } = this.options;
    if (statsInterval <= 0) return;
    this.statsTimer = setInterval(() => {
      this.getStats().then((stats) => this.emit("stats", stats), () => undefined);
    }, statsInterval * 1000);
  }

  private async within<T>(action: (session: Session) => Promise<T>): Promise<T> {
    if (!this.session) throw notConnected();
    try {
      return await action(this.session);
    } catch (error) {
      throw toRtcError(error);
    }
  }

  private async ask<T extends RequestType>(type: T, data: ClientMessages[T]): Promise<void> {
    await this.within((session) => session.signal.request(type, data));
  }

  private moderate(action: ModerateAction, data: Omit<ClientMessages["moderate"], "action">): Promise<void> {
    return this.ask("moderate", { action, ...data });
  }
}

function notConnected(): RtcError {
  return new RtcError("not_connected", "There is no room to ask.");
}
