// The room's program: everybody's sound mixed and everybody's picture composed
// by the server, as two tracks that belong to nobody.

import { ProgramAudio, ProgramVideo, type Kind, type Program as ProgramInfo, type ProgramState } from "../protocol/messages";
import { emptyRoom } from "../protocol/room-state";
import { ReceivedTrackEntry } from "./received-track";
import type { Program, ProgramTrack } from "./types";

/** A ProgramTrack. */
export class ProgramTrackEntry extends ReceivedTrackEntry implements ProgramTrack {
  readonly origin = "other";
  readonly muted = false;

  constructor(
    readonly id: string,
    readonly kind: Kind,
    private readonly program: ProgramEntry,
  ) {
    super();
  }

  get width(): number {
    return this.kind === "video" ? this.program.width : 0;
  }
  get height(): number {
    return this.kind === "video" ? this.program.height : 0;
  }
}

/** The Program. The Roster sets what the room says of it, the Reception where its media come from. */
export class ProgramEntry implements Program {
  readonly video = new ProgramTrackEntry(ProgramVideo, "video", this);
  readonly audio = new ProgramTrackEntry(ProgramAudio, "audio", this);
  private info: ProgramInfo = emptyRoom.program;

  get state(): ProgramState {
    return this.info.state;
  }
  get width(): number {
    return this.info.width ?? 0;
  }
  get height(): number {
    return this.info.height ?? 0;
  }
  get leftOut(): readonly string[] {
    return this.info.left_out ?? [];
  }
  get text(): string {
    return this.info.text ?? "";
  }

  /** Takes what the room says of it; returns whether anything is new. */
  setInfo(info: ProgramInfo): boolean {
    if (info === this.info) return false;
    this.info = info;
    return true;
  }

  /** Nothing comes any more. */
  clear(): void {
    this.info = emptyRoom.program;
    for (const track of [this.video, this.audio]) {
      track.setSource(null);
      track.detach();
      track.status = "empty";
      track.stats = null;
    }
  }
}
