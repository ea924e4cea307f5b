// The calls of the web client, without any UI. See docs/client.md.

import type { Room, RoomOptions, CaptureOptions } from "./types";

export * from "./types";

// These are declared ahead of their code, so that the UI can be written now.

/** Makes a room that is not connected yet. */
export declare function createRoom(options?: RoomOptions): Room;

/** A capture or playback device. label is empty until capture was allowed once. */
export interface Device {
  id: string;
  kind: "camera" | "microphone" | "speaker";
  label: string;
}

/** Lists the devices; empty in an insecure context. */
export declare function listDevices(): Promise<Device[]>;
/** Calls listener when devices come or go; returns what ends it. */
export declare function onDevicesChanged(listener: () => void): () => void;
/** Opens a camera. Rejects with RtcError: insecure_context, device_denied, device_in_use, device_none, device_failed. */
export declare function openCamera(options?: CaptureOptions): Promise<MediaStreamTrack>;
/** Opens a microphone, with the errors of openCamera. */
export declare function openMicrophone(options?: CaptureOptions): Promise<MediaStreamTrack>;
/** Whether this page can capture at all (a secure context and a browser that can). */
export declare function canCapture(): boolean;
/** Whether this browser can share its screen. */
export declare function canShareScreen(): boolean;
/** Whether speakers can be chosen. */
export declare function canChooseSpeaker(): boolean;

/** Measures how loud an audio track is. */
export declare class LevelMeter {
  constructor(track: MediaStreamTrack);
  /** 0 (silence) to 1 (loudest), linear in decibels, now. */
  readonly level: number;
  close(): void;
}

/** What a Recorder records: one's own camera and microphone, or all that one sees and hears. */
export type RecorderSource = "self" | "room";

/** A finished recording. */
export interface Recording {
  blob: Blob;
  /** A file name with the time and the fitting extension. */
  name: string;
  /** Milliseconds. */
  duration: number;
}

/** Records in the browser (MediaRecorder). */
export declare class Recorder {
  constructor(room: Room, source: RecorderSource);
  readonly state: "idle" | "recording" | "stopped";
  /** Milliseconds recorded so far. */
  readonly duration: number;
  /** Rejects with RtcError "not_supported" where the browser can't record. */
  start(): Promise<void>;
  stop(): Promise<Recording>;
  /** Whether this browser can record. */
  static isSupported(): boolean;
}

/** Saves a recording, or any blob, as a file of the person's. */
export declare function saveFile(blob: Blob, name: string): void;
