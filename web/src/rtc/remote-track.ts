// A track that another participant publishes, as the page sees it.

import type { Kind, Origin, Track } from "../protocol/messages";
import { Elements } from "./elements";
import type { LivePath, RemoteParticipant, RemoteTrack, SlotStatus, TrackStats } from "./types";

/** The media that a track shows now, and the path by which it comes. */
export interface Source {
  path: LivePath;
  media: MediaStreamTrack;
}

/** A RemoteTrack. The Roster sets what it is, the Reception where its media come from. */
export class RemoteTrackEntry implements RemoteTrack {
  private readonly elements = new Elements();
  private source: Source | null = null;
  status: SlotStatus = "empty";
  stats: TrackStats | null = null;

  constructor(
    readonly participant: RemoteParticipant,
    private info: Track,
  ) {}

  get id(): string {
    return this.info.id;
  }
  get kind(): Kind {
    return this.info.kind;
  }
  get origin(): Origin {
    return this.info.origin;
  }
  get muted(): boolean {
    return this.info.muted;
  }
  get width(): number {
    return this.info.width ?? 0;
  }
  get height(): number {
    return this.info.height ?? 0;
  }
  get path(): LivePath | null {
    return this.source?.path ?? null;
  }
  get mediaStreamTrack(): MediaStreamTrack | null {
    return this.source?.media ?? null;
  }

  attach(el: HTMLMediaElement): void {
    this.elements.attach(el);
  }

  detach(el?: HTMLMediaElement): void {
    this.elements.detach(el);
  }

  /** Takes what the room says of it; returns whether anything is new. */
  setInfo(info: Track): boolean {
    if (info === this.info) return false;
    this.info = info;
    return true;
  }

  /** Shows media that come by another way from now on, or none. */
  setSource(source: Source | null): void {
    this.source = source;
    this.elements.setTrack(source?.media ?? null);
  }
}
