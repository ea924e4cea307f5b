// The page's media elements that show a track.

/**
 * Shows one track in any number of elements. Exchanging the track keeps the
 * elements and their streams: Chromium goes on showing the last picture until
 * the new track has one, Firefox within a frame. Setting srcObject anew would
 * make the element load from the start.
 */
export class Elements {
  private readonly streams = new Map<HTMLMediaElement, MediaStream>();
  private track: MediaStreamTrack | null = null;

  /** Shows the track in el from now on. */
  attach(el: HTMLMediaElement): void {
    if (this.streams.has(el)) return;
    const stream = new MediaStream(this.track ? [this.track] : []);
    this.streams.set(el, stream);
    // An element that reloads for a new track must play on by itself.
    el.autoplay = true;
    if (el instanceof HTMLVideoElement) {
      el.playsInline = true;
      // The sound has a way of its own; a muted element may always play.
      el.muted = true;
    }
    el.srcObject = stream;
  }

  /** Empties el, or all elements. */
  detach(el?: HTMLMediaElement): void {
    for (const [element, stream] of [...this.streams]) {
      if (el && el !== element) continue;
      this.streams.delete(element);
      // Another track may have taken over the element meanwhile.
      if (element.srcObject === stream) element.srcObject = null;
    }
  }

  /** Shows another track in all elements. */
  setTrack(track: MediaStreamTrack | null): void {
    const old = this.track;
    if (old === track) return;
    this.track = track;
    for (const stream of this.streams.values()) {
      if (old) stream.removeTrack(old);
      if (track) stream.addTrack(track);
    }
  }
}
