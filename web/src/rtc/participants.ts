// What a room's members look like to the page.

import type { Member, Origin, Path, PathReason, Role } from "../protocol/messages";
import type { RemoteTrackEntry } from "./remote-track";
import type { Participant, RemoteParticipant } from "./types";

/** What is known of a member before the room has said anything. */
export const nobody: Member = {
  id: "", name: "", role: "member", path: "sfu", reason: "alone", pinned: "auto", hand: false, away: false,
  tracks: [], joined: 0,
};

/** The part that local and remote participants share: the room's word about a member. */
export abstract class ParticipantEntry implements Participant {
  abstract readonly isLocal: boolean;
  protected member: Member = nobody;
  /** 0 for who does not speak. */
  audioLevel = 0;

  get id(): string {
    return this.member.id;
  }
  get name(): string {
    return this.member.name;
  }
  get role(): Role {
    return this.member.role;
  }
  get path(): Path {
    return this.member.path;
  }
  get reason(): PathReason {
    return this.member.reason;
  }
  get pinned(): Path {
    return this.member.pinned;
  }
  get hand(): boolean {
    return this.member.hand;
  }
  get viewer(): boolean {
    return this.member.viewer ?? false;
  }
  get away(): boolean {
    return this.member.away;
  }
  get joined(): number {
    return this.member.joined;
  }
  get isSpeaking(): boolean {
    return this.audioLevel > 0;
  }

  /** Takes what the room says; returns whether anything but the tracks is new. */
  setMember(member: Member): boolean {
    const old = this.member;
    this.member = member;
    return (["id", "name", "role", "path", "reason", "pinned", "hand", "viewer", "away"] as const).some((k) => old[k] !== member[k]);
  }
}

/** Another member. */
export class RemoteParticipantEntry extends ParticipantEntry implements RemoteParticipant {
  readonly isLocal = false;
  readonly byId = new Map<string, RemoteTrackEntry>();

  get tracks(): readonly RemoteTrackEntry[] {
    return [...this.byId.values()];
  }

  track(origin: Origin): RemoteTrackEntry | undefined {
    return this.tracks.find((t) => t.origin === origin);
  }
}
