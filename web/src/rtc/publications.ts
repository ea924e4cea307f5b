// Keeps the server's word about one's own tracks in step with them.

import { SignalError, type Publish, type Published } from "../protocol/messages";
import { layersOf } from "./encodings";
import type { LocalTrackEntry } from "./local-track";
import { sendOrigins } from "./origins";
import type { SendOrigin } from "./types";

/** What Publications need from their room. */
export interface PublicationsOptions {
  track(origin: SendOrigin): LocalTrackEntry | undefined;
  /** The m-line of an origin; null while nothing is negotiated, and then nothing is announced. */
  mid(origin: SendOrigin): string | null;
  publish(message: Publish): Promise<Published>;
  unpublish(track: string): Promise<unknown>;
  mute(track: string, muted: boolean): Promise<unknown>;
  published(track: LocalTrackEntry): void;
  unpublished(track: LocalTrackEntry): void;
}

interface Publication {
  entry: LocalTrackEntry;
  id: string;
  muted: boolean;
  /** As announced; 0 × 0 if it was not known. */
  width: number;
  height: number;
}

/** One step at a time per origin, until server and page agree. */
export class Publications {
  private readonly current = new Map<SendOrigin, Publication>();
  private readonly running = new Map<SendOrigin, Promise<void>>();

  constructor(private readonly options: PublicationsOptions) {}

  /** Announces what changed. Rejects with SignalError when the server refuses. */
  sync(origin: SendOrigin): Promise<void> {
    const before = this.running.get(origin) ?? Promise.resolve();
    const work = before.catch(() => undefined).then(() => this.settle(origin));
    this.running.set(origin, work);
    const done = (): void => {
      if (this.running.get(origin) === work) this.running.delete(origin);
    };
    work.then(done, done);
    return work;
  }

  /** Announces everything; failures are reported to failed. */
  syncAll(failed: (error: unknown) => void): void {
    for (const origin of sendOrigins) this.sync(origin).catch(failed);
  }

  /** The membership is a new one: nothing is published there. */
  reset(): void {
    for (const { entry } of this.current.values()) entry.id = "";
    this.current.clear();
  }

  /** The room says that a track of oneself is muted; returns it if that was not one's own doing. */
  mutedThere(id: string): LocalTrackEntry | null {
    for (const [origin, publication] of this.current) {
      if (publication.id !== id || publication.muted || this.running.has(origin)) continue;
      publication.muted = true;
      publication.entry.setMuted(true);
      return publication.entry;
    }
    return null;
  }

  private async settle(origin: SendOrigin): Promise<void> {
    for (;;) {
      const mid = this.options.mid(origin);
      if (mid === null) return;
      const entry = this.options.track(origin);
      const publication = this.current.get(origin);
      if (publication && publication.entry !== entry) await this.unpublish(publication);
      else if (entry && (!publication || resized(publication))) await this.publish(entry, mid);
      else if (entry && publication && publication.muted !== entry.muted) await this.mute(publication, entry.muted);
      else return;
    }
  }

  /** Announces a track, or its new size; the server knows it by its m-line. */
  private async publish(entry: LocalTrackEntry, mid: string): Promise<void> {
    const { origin, muted, width, height } = entry;
    const layers = layersOf(origin, width, height);
    const size = entry.kind === "video" ? { width, height } : {};
    const { track } = await this.options.publish({ mid, origin, muted, ...size, ...(layers && { layers }) });
    const first = !this.current.has(origin);
    entry.id = track.id;
    this.current.set(origin, { entry, id: track.id, muted, width, height });
    if (first) this.options.published(entry);
  }

  private async unpublish(publication: Publication): Promise<void> {
    const { entry, id } = publication;
    try {
      await this.options.unpublish(id);
    } catch (error) {
      if (!(error instanceof SignalError) || error.code !== "not_found") throw error;
    }
    this.current.delete(entry.origin);
    entry.id = "";
    this.options.unpublished(entry);
  }

  private async mute(publication: Publication, muted: boolean): Promise<void> {
    await this.options.mute(publication.id, muted);
    publication.muted = muted;
  }
}

/** Whether a camera or screen gives pictures of another size than was announced. */
function resized({ entry, width, height }: Publication): boolean {
  if (entry.kind !== "video" || !entry.mediaStreamTrack) return false;
  return entry.width !== width || entry.height !== height;
}
