// A track of one's own.

import type { Kind } from "../protocol/messages";
import { Elements } from "./elements";
import { kindOf } from "./origins";
import type { LocalTrack, SendOrigin, TrackStats } from "./types";

/** A LocalTrack: from enabling a device, or publishing, until it is unpublished. */
export class LocalTrackEntry implements LocalTrack {
  private readonly elements = new Elements();
  private media: MediaStreamTrack | null = null;
  /** Whether capture was started here and so is stopped here. */
  owned = true;
  id = "";
  muted = false;
  stats: TrackStats | null = null;

  /** changed is called when what the track sends changes. */
  constructor(
    readonly origin: SendOrigin,
    private readonly changed: () => void,
  ) {}

  get kind(): Kind {
    return kindOf(this.origin);
  }
  get width(): number {
    return this.media?.getSettings().width ?? 0;
  }
  get height(): number {
    return this.media?.getSettings().height ?? 0;
  }
  get mediaStreamTrack(): MediaStreamTrack | null {
    return this.media;
  }

  /** What goes out: nothing while muted. */
  get sending(): MediaStreamTrack | null {
    return this.muted ? null : this.media;
  }

  attach(el: HTMLMediaElement): void {
    this.elements.attach(el);
  }

  detach(el?: HTMLMediaElement): void {
    this.elements.detach(el);
  }

  /** Uses media from now on; an own device that it replaces is released. */
  setMedia(media: MediaStreamTrack | null, owned: boolean): void {
    const old = this.media;
    if (old !== media && this.owned) old?.stop();
    this.media = media;
    this.owned = owned;
    this.elements.setTrack(media);
    this.changed();
  }

  setMuted(muted: boolean): void {
    if (this.muted === muted) return;
    this.muted = muted;
    this.changed();
  }
}
