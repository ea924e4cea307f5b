// A Room without a server, for stories: what components ask it answers, what
// they tell it it mostly forgets.

import { Events } from "../../protocol/events";
import type {
  ChatLine, ConnectionKind, ConnectionState, Limits, LivePath, LocalParticipant, LocalTrack, MediaState, OutgoingFile, Participant, Path, PathReason, Program, ProgramTrack,
  RemoteParticipant, RemoteTrack, Room, RoomEvents, RoomStats, SendOrigin, ServerConnection, Settings, TrackStats,
} from "../../rtc";
import { drawEverybody, drawPortrait, drawScreen, paintedTrack } from "./portrait";

/** What a story's room is like. */
export interface Scene {
  names: readonly string[];
  /** Indexes of those who have no camera, no microphone, a hand up; 0 is oneself. */
  dark: readonly number[];
  muted: readonly number[];
  hands: readonly number[];
  speaking: number;
  screen: boolean;
  path: "p2p" | "sfu" | "mcu";
  reason: PathReason;
  /** One only watches. */
  viewer: boolean;
  /** How many others only watch. */
  viewers: number;
  leftOut: readonly string[];
  role: "host" | "member";
  state: ConnectionState;
  mediaState: MediaState;
  sound: boolean;
  connection: ConnectionKind;
  chat: readonly ChatLine[];
}

/** The element's part of a track. */
function showIn(el: HTMLMediaElement, media: MediaStreamTrack | null): void {
  el.srcObject = media && new MediaStream([media]);
  el.autoplay = true;
}

function figures(path: LivePath, kind: "audio" | "video", direction: "up" | "down", i: number): TrackStats {
  const video = kind === "video";
  return {
    direction, path, codec: video ? "VP8" : "Opus", bitrate: video ? 1_420_000 - i * 90_000 : 41_000, loss: i === 3 ? 0.04 : 0.001,
    jitter: 4 + i, rtt: 18 + 7 * i, width: video ? 1280 : 0, height: video ? 720 : 0, frameRate: video ? 30 : 0, frozen: 0, rid: "",
  };
}

/** The Room of a Scene. */
export class FakeRoom extends Events<RoomEvents> implements Room {
  name = "calm-otter-tulip-482";
  server = "tutti";
  limits: Limits | null = null;
  settings: Settings = { locked: false, path: "auto" };
  readonly localParticipant: LocalParticipant;
  readonly participants: readonly RemoteParticipant[];
  readonly program: Program;

  constructor(private readonly scene: Scene) {
    super();
    this.localParticipant = this.makeLocal();
    this.participants = [
      ...scene.names.slice(1).map((name, i) => this.makeRemote(name, i + 1)),
      ...Array.from({ length: scene.viewers }, (_, i) => this.makeViewer(i)),
    ];
    this.program = this.makeProgram();
  }

  get state(): ConnectionState {
    return this.scene.state;
  }
  get mediaState(): MediaState {
    return this.scene.mediaState;
  }
  get connection(): ServerConnection | null {
    return { kind: this.scene.connection, address: "192.0.2.10", port: 443 };
  }
  get canPlayAudio(): boolean {
    return this.scene.sound;
  }
  get chat(): readonly ChatLine[] {
    return this.scene.chat;
  }
  get activeSpeakers(): readonly Participant[] {
    return [];
  }

  private person(name: string, i: number) {
    const { path, reason, role, hands, speaking } = this.scene;
    return {
      id: `m${i}`, name, role: i === 0 ? role : i === 1 && role === "member" ? ("host" as const) : ("member" as const),
      path: path as Path, reason, pinned: "auto" as Path, hand: hands.includes(i), viewer: i === 0 && this.scene.viewer, away: false, joined: i,
      isSpeaking: speaking === i, audioLevel: speaking === i ? 0.7 : 0,
    };
  }

  private makeLocal(): LocalParticipant {
    const { dark, muted, path, names } = this.scene;
    const changed = (): void => this.emit("changed");
    const media = paintedTrack(640, 360, (context, t) => drawPortrait(context, 0, t));
    const track = (origin: SendOrigin, kind: "audio" | "video", off: boolean): LocalTrack => ({
      id: `t0-${origin}`, kind, origin, muted: off, width: 640, height: 360, stats: figures(path, kind, "up", 0),
      mediaStreamTrack: kind === "video" && !off ? media : null,
      attach: (el) => showIn(el, media),
      detach: (el) => el && showIn(el, null),
    });
    let camera = !dark.includes(0);
    let microphone = !muted.includes(0);
    let hand = this.scene.hands.includes(0);
    const tracks = (): LocalTrack[] => this.scene.viewer ? [] : [track("camera", "video", !camera), track("microphone", "audio", !microphone)];
    const local = {
      ...this.person(names[0] ?? "", 0),
      isLocal: true as const,
      isScreenShareEnabled: false,
      track: (origin: SendOrigin) => tracks().find((t) => t.origin === origin),
      setCameraEnabled: async (on: boolean) => ((camera = on), changed()),
      setMicrophoneEnabled: async (on: boolean) => ((microphone = on), changed()),
      setScreenShareEnabled: async () => changed(),
      switchDevice: async () => changed(),
      publishTrack: async () => track("camera", "video", false),
      unpublishTrack: async () => changed(),
      setName: async () => changed(),
      setHand: async (raised: boolean) => ((hand = raised), changed()),
    };
    return Object.defineProperties(local, {
      tracks: { get: tracks },
      isCameraEnabled: { get: () => camera },
      isMicrophoneEnabled: { get: () => microphone },
      hand: { get: () => hand },
    }) as unknown as LocalParticipant;
  }

  private makeRemote(name: string, i: number): RemoteParticipant {
    const { dark, muted, path, screen } = this.scene;
    const tracks: RemoteTrack[] = [];
    const person: RemoteParticipant = {
      ...this.person(name, i), isLocal: false, tracks, track: (origin) => tracks.find((t) => t.origin === origin),
    };
    const add = (origin: "camera" | "microphone" | "screen", off: boolean, width: number, height: number): void => {
      const kind = origin === "microphone" ? "audio" : "video";
      const media = kind === "audio" || off || path === "mcu" ? null
        : paintedTrack(width, height, (context, t) => (origin === "screen" ? drawScreen(context) : drawPortrait(context, i, t)));
      tracks.push({
        id: `t${i}-${origin}`, kind, origin, muted: off, width, height, participant: person, path, status: off ? "muted" : "live",
        stats: figures(path, kind, "down", i), mediaStreamTrack: media,
        attach: (el) => showIn(el, media),
        detach: (el) => el && showIn(el, null),
      });
    };
    add("camera", dark.includes(i), 640, 360);
    add("microphone", muted.includes(i), 0, 0);
    if (screen && i === 1) add("screen", false, 1280, 800);
    return person;
  }

  private makeViewer(i: number): RemoteParticipant {
    const name = this.scene.names[(i + 1) % this.scene.names.length] ?? "";
    return {
      ...this.person(name, -1), id: `v${i}`, role: "member", viewer: true, path: "mcu", reason: "viewer",
      isLocal: false, tracks: [], track: () => undefined,
    };
  }

  private makeProgram(): Program {
    const { path, names, leftOut } = this.scene;
    const [width, height] = [1280, 720];
    const people = names.length - (this.scene.viewer ? 1 : 0);
    const media = path === "mcu" ? paintedTrack(width, height, (context, t) => drawEverybody(context, people, names, t)) : null;
    const track = (id: string, kind: "audio" | "video"): ProgramTrack => ({
      id, kind, origin: "other", muted: false, width, height, path: media && "mcu", status: media ? "live" : "empty",
      stats: media && figures("mcu", kind, "down", 0), mediaStreamTrack: kind === "video" ? media : null,
      attach: (el) => showIn(el, media),
      detach: (el) => el && showIn(el, null),
    });
    return {
      state: media ? "mixing" : "off", width, height, text: "", leftOut: leftOut.map((i) => `t${i}-camera`),
      video: track("program-video", "video"), audio: track("program-audio", "audio"),
    };
  }

  participant(id: string): Participant | undefined {
    return id === this.localParticipant.id ? this.localParticipant : this.participants.find((p) => p.id === id);
  }
  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {
    this.emit("disconnected", "left", "");
  }
  setView(): void {}
  async sendChat(): Promise<void> {}
  async sendData(): Promise<void> {}
  sendFile(file: File): OutgoingFile {
    const progress = new Map([["m1", Math.round(file.size * 0.6)]]);
    return { id: "f1", file, to: "", progress, state: "running", cancel: () => undefined, onProgress: () => () => undefined };
  }
  async setPath(): Promise<void> {}
  async muteTrack(): Promise<void> {}
  async removeParticipant(): Promise<void> {}
  async makeHost(): Promise<void> {}
  async lowerHand(): Promise<void> {}
  async updateSettings(change: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...change };
    this.emit("changed");
  }
  async endRoom(): Promise<void> {}
  async startAudio(): Promise<void> {}
  async setSpeaker(): Promise<void> {}
  async getStats(): Promise<RoomStats> {
    const { path } = this.scene;
    return { at: 0, connections: [{ path, rtt: 18, availableUp: 2_600_000, local: "host/udp", remote: "srflx/udp" }], tracks: new Map() };
  }
}
