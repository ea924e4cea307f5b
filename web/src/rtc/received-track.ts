// What tracks that are received have in common: where their media come from,
// and the elements that show them.

import type { Kind, Origin } from "../protocol/messages";
import { Elements } from "./elements";
import type { LivePath, ReceivedTrack, SlotStatus, TrackStats } from "./types";

/** The media that a track shows now, and the path by which it comes. */
export interface Source {
  /** Null for media that are being made ready. */
  path: LivePath | null;
  media: MediaStreamTrack;
}

/** A ReceivedTrack whose media the Reception sets. */
export abstract class ReceivedTrackEntry implements ReceivedTrack {
  private readonly elements = new Elements();
  private source: Source | null = null;
  status: SlotStatus = "empty";
  stats: TrackStats | null = null;

  abstract readonly id: string;
  abstract readonly kind: Kind;
  abstract readonly origin: Origin;
  abstract readonly muted: boolean;
  abstract readonly width: number;
  abstract readonly height: number;

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

  /** Shows media that come by another way from now on, or none. */
  setSource(source: Source | null): void {
    this.source = source;
    this.elements.setTrack(source?.media ?? null);
  }
}
