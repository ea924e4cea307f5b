// Recordings made in the browser.

import { Picture, type RecorderSource } from "./picture";
import { RoomEntry } from "./room";
import { SoundMix } from "./sound-mix";
import { RtcError, type Room } from "./types";

export type { RecorderSource };

/** A finished recording. */
export interface Recording {
  blob: Blob;
  /** A file name with the time and the fitting extension. */
  name: string;
  /** Milliseconds. */
  duration: number;
}

/** What players open most readily first; the last leaves the choice to the browser. */
const types = [
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4",
] as const;

/** Milliseconds of recording that are handed over at a time. */
const slice = 1000;

/** The type to record in, or "" for the browser's own choice. */
export function recordingType(supported: (type: string) => boolean): string {
  return types.find(supported) ?? "";
}

/** The name of a file with a recording of this type that was begun at this time. */
export function recordingName(room: string, type: string, begun: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${begun.getFullYear()}-${two(begun.getMonth() + 1)}-${two(begun.getDate())}`;
  const time = `${two(begun.getHours())}.${two(begun.getMinutes())}.${two(begun.getSeconds())}`;
  const extension = type.startsWith("video/mp4") ? "mp4" : "webm";
  // Characters that some file systems refuse.
  const safe = room.replace(/[\\/:*?"<>|\p{Cc}]+/gu, "_");
  return `${safe || "tutti"} ${day} ${time}.${extension}`;
}

/** Records one's own camera and microphone, or all that one sees and hears, until stop(). */
export class Recorder {
  state: "idle" | "recording" | "stopped" = "idle";
  private recorder: MediaRecorder | null = null;
  private chunks: Blob[] = [];
  private begun = 0;
  private end: (() => void) | null = null;

  constructor(
    private readonly room: Room,
    private readonly source: RecorderSource,
  ) {}

  /** Whether this browser can record. */
  static isSupported(): boolean {
    return typeof MediaRecorder !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
  }

  /** Milliseconds recorded so far. */
  get duration(): number {
    return this.begun === 0 ? 0 : Date.now() - this.begun;
  }

  /** Begins. Rejects with RtcError "not_supported" where the browser can't record. */
  async start(): Promise<void> {
    if (this.state !== "idle") throw new RtcError("conflict", "A Recorder records once.");
    if (!Recorder.isSupported()) throw new RtcError("not_supported", "This browser can't record.");
    const outputs = this.source === "room" && this.room instanceof RoomEntry ? this.room.outputs : null;
    const picture = new Picture(this.room, this.source);
    const sound = new SoundMix(outputs, this.room.localParticipant);
    const off = this.room.on("changed", () => sound.sync());
    this.end = () => {
      off();
      picture.close();
      sound.close();
    };
    const type = recordingType((t) => MediaRecorder.isTypeSupported(t));
    const stream = new MediaStream([picture.track, sound.track]);
    try {
      this.recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), videoBitsPerSecond: 2_500_000 });
    } catch (error) {
      this.end();
      throw new RtcError("not_supported", String(error));
    }
    this.recorder.ondataavailable = ({ data }) => this.chunks.push(data);
    this.recorder.start(slice);
    this.begun = Date.now();
    this.state = "recording";
  }

  /** Ends the recording and gives it out. */
  async stop(): Promise<Recording> {
    const { recorder } = this;
    if (!recorder || this.state !== "recording") throw new RtcError("conflict", "Nothing is being recorded.");
    this.state = "stopped";
    const { duration } = this;
    await new Promise<void>((resolve) => {
      recorder.onstop = () => resolve();
      if (recorder.state === "inactive") resolve();
      else recorder.stop();
    });
    this.end?.();
    const type = recorder.mimeType || this.chunks[0]?.type || "video/webm";
    const blob = new Blob(this.chunks, { type });
    this.chunks = [];
    return { blob, name: recordingName(this.room.name, type, new Date(this.begun)), duration };
  }
}

/** Saves a recording, or any blob, as a file of the person's. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has begun by then in every browser.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
