// The picture of a recording: the members and screens on one canvas.

import { contain, cover, stageLayout, type Rect } from "./picture-layout";
import type { Participant, Room, Track } from "./types";

/** What a recording shows. */
export type RecorderSource = "self" | "room";

const width = 1280;
const height = 720;
/** Pictures per second. */
const rate = 25;
const gap = 8;
const colours = { stage: "#101214", tile: "#22262b", plate: "#101214cc", text: "#f2f3f5" };
const font = "600 18px system-ui, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";

/** Composes the picture of a room until it is closed. */
export class Picture {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly videos = new Map<Track, HTMLVideoElement>();
  // Timers of a page in the background are slow; those of a worker are not.
  private readonly ticker = new Worker(new URL("./ticker.worker.ts", import.meta.url), { type: "module" });
  /** The picture, as it is recorded. */
  readonly track: MediaStreamTrack;

  constructor(
    private readonly room: Room,
    private readonly source: RecorderSource,
  ) {
    this.canvas.width = width;
    this.canvas.height = height;
    const context = this.canvas.getContext("2d", { alpha: false });
    const [track] = this.canvas.captureStream(rate).getVideoTracks();
    if (!context || !track) throw new TypeError("This browser can't record a canvas.");
    this.context = context;
    this.track = track;
    this.ticker.onmessage = () => this.draw();
    this.ticker.postMessage(1000 / rate);
    this.draw();
  }

  /** Ends the picture. */
  close(): void {
    this.ticker.terminate();
    this.track.stop();
    for (const track of [...this.videos.keys()]) this.drop(track);
  }

  private draw(): void {
    const { localParticipant, participants, program: { video: mix } } = this.room;
    this.context.fillStyle = colours.stage;
    this.context.fillRect(0, 0, width, height);
    if (this.source === "room" && mix.path !== null) {
      // All that one sees is one picture already.
      this.drawWhole(mix, { x: 0, y: 0, width, height });
      this.keep(new Set([mix]));
      return;
    }
    const people: readonly Participant[] = this.source === "self" ? [localParticipant] : [localParticipant, ...participants].filter((p) => !p.viewer);
    const tracks: readonly Track[] = this.source === "self"
      ? localParticipant.tracks
      : [...localParticipant.tracks, ...participants.flatMap((p) => p.tracks)];
    const screens = this.source === "self" ? [] : tracks.filter((t) => t.origin === "screen" && shown(t));
    const layout = stageLayout(screens.length, people.length, { x: gap, y: gap, width: width - 2 * gap, height: height - 2 * gap }, gap);
    screens.forEach((track, i) => this.drawWhole(track, layout.screens[i]));
    people.forEach((person, i) => this.drawPerson(person, layout.people[i]));
    this.keep(new Set<Track>([...screens, ...people.flatMap((p) => camera(p) ?? [])]));
  }

  private keep(used: ReadonlySet<Track>): void {
    for (const track of [...this.videos.keys()]) if (!used.has(track)) this.drop(track);
  }

  private drawWhole(track: Track, into: Rect | undefined): void {
    const video = this.video(track);
    if (!into || video.videoWidth === 0) return;
    const to = contain(video.videoWidth, video.videoHeight, into);
    this.context.drawImage(video, to.x, to.y, to.width, to.height);
  }

  private drawPerson(person: Participant, into: Rect | undefined): void {
    if (!into) return;
    const { context } = this;
    const { x, y, width: w, height: h } = into;
    context.fillStyle = colours.tile;
    context.fillRect(x, y, w, h);
    const track = camera(person);
    const video = track && this.video(track);
    if (video && video.videoWidth > 0) {
      const from = cover(video.videoWidth, video.videoHeight, into);
      context.drawImage(video, from.x, from.y, from.width, from.height, x, y, w, h);
    }
    if (this.source === "room") this.drawName(person.name, into);
  }

  private drawName(name: string, { x, y, width: w, height: h }: Rect): void {
    const { context } = this;
    context.font = font;
    const plate = Math.min(w, context.measureText(name).width + 16);
    context.fillStyle = colours.plate;
    context.fillRect(x, y + h - 32, plate, 32);
    context.fillStyle = colours.text;
    context.fillText(name, x + 8, y + h - 10, w - 16);
  }

  /** A video element outside of the page that shows the track. */
  private video(track: Track): HTMLVideoElement {
    let video = this.videos.get(track);
    if (!video) {
      video = document.createElement("video");
      this.videos.set(track, video);
      track.attach(video);
      void video.play().catch(() => undefined);
    }
    return video;
  }

  private drop(track: Track): void {
    const video = this.videos.get(track);
    if (video) track.detach(video);
    this.videos.delete(track);
  }
}

function shown(track: Track): boolean {
  return !track.muted && "mediaStreamTrack" in track && track.mediaStreamTrack !== null;
}

function camera(person: Participant): Track | undefined {
  const tracks = "tracks" in person ? (person.tracks as readonly Track[]) : [];
  return tracks.find((t) => t.origin === "camera" && shown(t));
}
