// A track that another participant publishes, as the page sees it.

import type { Kind, Origin, Track } from "../protocol/messages";
import { ReceivedTrackEntry } from "./received-track";
import type { RemoteParticipant, RemoteTrack } from "./types";

/** A RemoteTrack. The Roster sets what it is, the Reception where its media come from. */
export class RemoteTrackEntry extends ReceivedTrackEntry implements RemoteTrack {
  constructor(
    readonly participant: RemoteParticipant,
    private info: Track,
  ) {
    super();
  }

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

  /** Takes what the room says of it; returns whether anything is new. */
  setInfo(info: Track): boolean {
    if (info === this.info) return false;
    this.info = info;
    return true;
  }
}
