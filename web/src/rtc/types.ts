// The public API of the call: what a page sees. The names follow LiveKit's.
// Nothing here runs; createRoom (index.ts) makes the Room.

import type {
  ChatLine, Code, Kind, Limits, Origin, Layout, Path, PathReason, ProgramSettings, ProgramState, Role,
  Scene, Settings, SlotStatus,
} from "../protocol/messages";
import type { Listenable } from "../protocol/events";
import type { DataMessage, DataOptions, FileState, IncomingFile, OutgoingFile } from "./data-types";
import type { ConnectionStats, RoomStats, TrackStats } from "./stats-types";

export type {
  ChatLine, Code, Kind, Layout, Limits, Origin, Path, PathReason, ProgramSettings, ProgramState, Role, Scene, Settings, SlotStatus,
};
export type { DataMessage, DataOptions, FileState, IncomingFile, OutgoingFile };
export type { ConnectionStats, RoomStats, TrackStats };

/** What a browser may send: each origin has one sending m-line. */
export type SendOrigin = Exclude<Origin, "other">;

/** How the room's signalling fares. Media may run on while it reconnects. */
export type ConnectionState = "disconnected" | "connecting" | "connected" | "reconnecting";

/** How the media connection to the server fares (W3C RTCPeerConnectionState). */
export type MediaState = RTCPeerConnectionState;

/** The path by which media flows now: never "auto". */
export type LivePath = Exclude<Path, "auto">;

/** Codes of errors that arise in the browser rather than at the server. */
export type LocalCode =
  | "insecure_context" // capture needs https or localhost
  | "device_denied" // the person or the system refused
  | "device_in_use" // another program holds it
  | "device_none" // there is no such device
  | "device_failed" // any other fault of capture
  | "not_supported" // this browser lacks what is needed
  | "not_connected" // there is no room to ask
  | "no_answer" // the server did not answer in time
  | "unreachable" // no WebSocket to the server could be opened
  | "cancelled"; // the person closed a picker, or the other side gave up

/** An error with a code for programs and a text for developers; pages put the code in words. */
export class RtcError extends Error {
  constructor(readonly code: Code | LocalCode, text: string) {
    super(text);
    this.name = "RtcError";
  }
}

/** Where to go and as whom. */
export interface ConnectOptions {
  room: string;
  /** 1 to 64 characters; the name in a token wins. */
  name: string;
  /** Needed where the server runs with a secret. */
  token?: string;
  /** One only watches: the program is received, nothing can be published. Default false. */
  viewer?: boolean;
}

/** Options of createRoom; the empty object works. */
export interface RoomOptions {
  /** Whether direct connections to another browser may be tried. Default true. */
  direct?: boolean;
  /** Receiving slots offered at first. Default 3 audio, 9 video. */
  slots?: { audio: number; video: number };
  /** Seconds between "stats" events, 0 for none. Default 2. */
  statsInterval?: number;
}

/** A person or program in the room. */
export interface Participant {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly isLocal: boolean;
  /** The path by which it receives the others, and why. */
  readonly path: Path;
  readonly reason: PathReason;
  /** The path it is pinned to, "auto" for none. */
  readonly pinned: Path;
  readonly hand: boolean;
  /** It only watches: it publishes nothing. */
  readonly viewer: boolean;
  /** Its signalling is lost, but it may come back. */
  readonly away: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly joined: number;
  readonly isSpeaking: boolean;
  /** 0 (silence) to 1 (loudest), linear in decibels. */
  readonly audioLevel: number;
}

/** What local and remote tracks share. */
export interface Track {
  /** Empty for a local track that the server does not know yet. */
  readonly id: string;
  readonly kind: Kind;
  readonly origin: Origin;
  readonly muted: boolean;
  /** Full size of the picture, 0 if not known. */
  readonly width: number;
  readonly height: number;
  /** The last sample of its statistics, if there is one. */
  readonly stats: TrackStats | null;
  /**
   * Shows or plays the track in el until detach. The element stays the same
   * and keeps its last picture when the path changes. Several elements may
   * show one track. Remote audio plays by itself and need not be attached.
   */
  attach(el: HTMLMediaElement): void;
  /** Lets go of el, or of all elements. */
  detach(el?: HTMLMediaElement): void;
}

/** A track that is received. */
export interface ReceivedTrack extends Track {
  /** The path by which it comes now; null while nothing comes. */
  readonly path: LivePath | null;
  /** What its slot reports; "live" also when it comes directly. */
  readonly status: SlotStatus;
  /** The media that attached elements show; it changes with the path. */
  readonly mediaStreamTrack: MediaStreamTrack | null;
}

/** A track that another participant publishes. */
export interface RemoteTrack extends ReceivedTrack {
  readonly participant: RemoteParticipant;
}

/**
 * The sound or the picture of the room's program. Its path is "mcu" while it is
 * to be shown, else null; it may have media before, so that elements which are
 * attached by then show it without a gap.
 */
export interface ProgramTrack extends ReceivedTrack {
  readonly origin: "other";
}

/**
 * Everybody as one picture and one sound, made by the server for those who are
 * on path "mcu". While video.path is "mcu" the page shows its picture instead
 * of the participants': it turns null again when theirs are there.
 */
export interface Program {
  readonly state: ProgramState;
  /** Size of its picture; 0 while it does not flow. */
  readonly width: number;
  readonly height: number;
  /** Ids of the tracks that the server can't decode. */
  readonly leftOut: readonly string[];
  /** Why the server can't mix, for developers; else empty. */
  readonly text: string;
  readonly video: ProgramTrack;
  /** Plays by itself. */
  readonly audio: ProgramTrack;
}

/** A track of one's own. */
export interface LocalTrack extends Track {
  readonly origin: SendOrigin;
  /** Null while the device is off. */
  readonly mediaStreamTrack: MediaStreamTrack | null;
}

/** Another member of the room. */
export interface RemoteParticipant extends Participant {
  readonly isLocal: false;
  readonly tracks: readonly RemoteTrack[];
  /** Its track of this origin, if it publishes one. */
  track(origin: Origin): RemoteTrack | undefined;
}

/** Wishes for capture; what the device cannot do it leaves out. */
export interface CaptureOptions {
  deviceId?: string;
  /** Microphone: default true. */
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
  autoGainControl?: boolean;
  /** Camera: default 1280 × 720 at 30. */
  width?: number;
  height?: number;
  frameRate?: number;
  facingMode?: "user" | "environment";
}

/** Oneself. Its methods reject with RtcError. Before connect they switch devices only. */
export interface LocalParticipant extends Participant {
  readonly isLocal: true;
  readonly tracks: readonly LocalTrack[];
  readonly isCameraEnabled: boolean;
  readonly isMicrophoneEnabled: boolean;
  readonly isScreenShareEnabled: boolean;
  track(origin: SendOrigin): LocalTrack | undefined;
  /** Off releases the camera, and mutes the track for the others. */
  setCameraEnabled(on: boolean, options?: CaptureOptions): Promise<void>;
  /** Off mutes; the device stays open so that talking again is instant. */
  setMicrophoneEnabled(on: boolean, options?: CaptureOptions): Promise<void>;
  /** Shares a screen, window or tab with its sound where the browser can; off ends the tracks. */
  setScreenShareEnabled(on: boolean): Promise<void>;
  /** Uses another device from now on, without a new track. */
  switchDevice(kind: "camera" | "microphone", deviceId: string): Promise<void>;
  /** Publishes a track of the page's own making; the page remains its owner. */
  publishTrack(track: MediaStreamTrack, origin: SendOrigin): Promise<LocalTrack>;
  /** Ends a published track, and stops capture that setX started. */
  unpublishTrack(origin: SendOrigin): Promise<void>;
  setName(name: string): Promise<void>;
  setHand(raised: boolean): Promise<void>;
}

/** What the page shows of one remote video track, or of the program, in device pixels. */
export interface ViewItem {
  track: RemoteTrack | ProgramTrack;
  width: number;
  height: number;
}

/** A change of a track's path, with the time in performance.now milliseconds. */
export interface PathSwitch {
  track: RemoteTrack;
  from: LivePath | null;
  to: LivePath | null;
  at: number;
}

/** Something that happened inside, for tests and bug reports; at is performance.now. */
export interface TraceEntry {
  at: number;
  what: string;
  detail: Readonly<Record<string, unknown>>;
}

/** What the connection to the server runs over; "turn-" is through its relay. */
export type ConnectionKind = "udp" | "tcp" | "turn-udp" | "turn-tcp" | "turn-tls";

/** The connection to the server, as far as it is known. */
export interface ServerConnection {
  kind: ConnectionKind;
  /** Where the server is, "" and 0 where the browser hides it. */
  address: string;
  port: number;
}

/** The events of a Room, each with the arguments of its listeners. */
export interface RoomEvents {
  /** Anything a page shows may have changed. At most once per task; enough for pages that render from state. */
  changed: [];
  connected: [];
  /** Signalling was lost; media may run on. attempt counts from 1, inMs is the wait before it. */
  reconnecting: [attempt: number, inMs: number];
  /** resumed is false when the membership was lost and a new one made. */
  reconnected: [resumed: boolean];
  /** The call is over: one left ("left"), was removed, the room ended… */
  disconnected: [code: Code | LocalCode, text: string];
  mediaStateChanged: [state: MediaState];
  /** What the connection to the server runs over is known, or another. */
  connectionChanged: [connection: ServerConnection];
  participantJoined: [participant: RemoteParticipant];
  participantLeft: [participant: RemoteParticipant, cause: Code | undefined];
  /** Name, role, hand, away or path changed; of oneself too. */
  participantChanged: [participant: Participant];
  trackPublished: [track: RemoteTrack];
  trackUnpublished: [track: RemoteTrack];
  /** Muted, codec or size changed. */
  trackChanged: [track: RemoteTrack];
  /** Media came: the track has a mediaStreamTrack. */
  trackSubscribed: [track: RemoteTrack];
  /** Its media went: not shown any more, or ended. */
  trackUnsubscribed: [track: RemoteTrack];
  trackStatusChanged: [track: RemoteTrack];
  /** The path of one track's media changed. */
  trackPathChanged: [change: PathSwitch];
  /** What the room says of the program has changed, or whether its media come. */
  programChanged: [program: Program];
  localTrackPublished: [track: LocalTrack];
  localTrackUnpublished: [track: LocalTrack];
  /** A host muted one's own track; enabling it again unmutes. */
  mutedByHost: [track: LocalTrack, host: Participant | undefined];
  /** One's own path, as the room decided it. */
  pathChanged: [path: Path, reason: PathReason];
  /** Who is heard now, the loudest first. */
  activeSpeakers: [speakers: readonly Participant[]];
  chat: [line: ChatLine];
  dataReceived: [message: DataMessage];
  /** Somebody offers a file; accept() fetches it. */
  fileOffered: [file: IncomingFile];
  settingsChanged: [settings: Settings];
  /** Whether the browser lets sound play; if not, call startAudio in a click. */
  audioPlaybackChanged: [allowed: boolean];
  stats: [stats: RoomStats];
  /** A fault that no call reports, such as a refused m-line. */
  error: [error: RtcError];
  trace: [entry: TraceEntry];
}

/** A call in one room. Made by createRoom; may connect again after disconnect. */
export interface Room extends Listenable<RoomEvents> {
  readonly state: ConnectionState;
  readonly mediaState: MediaState;
  /** What the connection to the server runs over; null before the first. */
  readonly connection: ServerConnection | null;
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  /** The others, in the order in which they joined. */
  readonly participants: readonly RemoteParticipant[];
  readonly activeSpeakers: readonly Participant[];
  /** The mix; an object for as long as the stay in the room. */
  readonly program: Program;
  readonly settings: Settings;
  readonly chat: readonly ChatLine[];
  /** Null before the first welcome. */
  readonly limits: Limits | null;
  /** The server's name and version. */
  readonly server: string;
  readonly canPlayAudio: boolean;

  /**
   * Joins. url is the server's http(s) or ws(s) address, "" for the page's own.
   * Resolves when the room is joined; media follows. Tracks that were enabled
   * before are published.
   */
  connect(url: string, options: ConnectOptions): Promise<void>;
  /** Leaves, stops capture and ends everything. Idempotent. */
  disconnect(): Promise<void>;

  participant(id: string): Participant | undefined;
  /**
   * Says which remote video the page shows, and how large; replaces the last
   * view. Nothing else is received. Cheap to call on every layout. A page that
   * can show the program names program.video beside the participants' tracks,
   * each with the size it would have: either comes, as the path wants it.
   */
  setView(items: readonly ViewItem[]): void;

  /** Writes to the chat; to is a member's id for a private line. */
  sendChat(text: string, to?: string): Promise<void>;
  sendData(payload: Uint8Array, options: DataOptions): Promise<void>;
  /** Offers a file to all or to one; those who accept fetch it. */
  sendFile(file: File, to?: string): OutgoingFile;

  /** Pins oneself, or as a host another, to a path; "auto" frees. */
  setPath(path: Path, participantId?: string): Promise<void>;
  /** As a host: the server stops forwarding the track until its owner unmutes. */
  muteTrack(track: RemoteTrack): Promise<void>;
  removeParticipant(id: string): Promise<void>;
  makeHost(id: string): Promise<void>;
  lowerHand(id: string): Promise<void>;
  /** As a host; the program's settings replace the former as a whole, and are as before if left out. */
  updateSettings(settings: Partial<Settings>): Promise<void>;
  endRoom(): Promise<void>;

  /** Lets sound play after the browser refused; call it in a click or tap. */
  startAudio(): Promise<void>;
  /** Plays through another speaker, where the browser can. */
  setSpeaker(deviceId: string): Promise<void>;
  getStats(): Promise<RoomStats>;
}
