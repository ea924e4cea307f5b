// The participants and remote tracks of a room, kept in step with its state.

import { Events } from "../protocol/events";
import type { Code, Member, Speaker } from "../protocol/messages";
import type { RoomState } from "../protocol/room-state";
import { ParticipantEntry, RemoteParticipantEntry } from "./participants";
import { ProgramEntry } from "./program";
import { RemoteTrackEntry } from "./remote-track";

/** The events of a Roster; the room passes them on. */
export interface RosterEvents {
  participantJoined: [participant: RemoteParticipantEntry];
  participantLeft: [participant: RemoteParticipantEntry, cause: Code | undefined];
  participantChanged: [participant: ParticipantEntry];
  trackPublished: [track: RemoteTrackEntry];
  trackUnpublished: [track: RemoteTrackEntry];
  trackChanged: [track: RemoteTrackEntry];
  programChanged: [program: ProgramEntry];
  activeSpeakers: [speakers: readonly ParticipantEntry[]];
}

/**
 * Compares each state of the room with the participants it has made so far.
 * Participants and tracks remain the same objects for as long as they exist.
 */
export class Roster extends Events<RosterEvents> {
  readonly program = new ProgramEntry();
  private readonly remotes = new Map<string, RemoteParticipantEntry>();
  private speaking: readonly ParticipantEntry[] = [];

  constructor(private readonly local: ParticipantEntry) {
    super();
  }

  /** The others, in the order in which they joined. */
  get participants(): readonly RemoteParticipantEntry[] {
    return [...this.remotes.values()];
  }

  /** All remote tracks. */
  get tracks(): readonly RemoteTrackEntry[] {
    return this.participants.flatMap((p) => p.tracks);
  }

  get activeSpeakers(): readonly ParticipantEntry[] {
    return this.speaking;
  }

  participant(id: string): ParticipantEntry | undefined {
    return id === this.local.id ? this.local : this.remotes.get(id);
  }

  track(id: string): RemoteTrackEntry | undefined {
    return this.tracks.find((t) => t.id === id);
  }

  /** Takes over a state of the room, of which self is oneself. cause tells why somebody left. */
  update(state: RoomState, self: string, cause?: Code): void {
    const me = state.members.get(self);
    if (me && this.local.setMember(me)) this.emit("participantChanged", this.local);
    for (const [id, participant] of this.remotes) {
      if (!state.members.has(id) || id === self) this.remove(participant, cause);
    }
    for (const member of state.members.values()) {
      if (member.id !== self) this.updateRemote(member);
    }
    if (this.program.setInfo(state.program)) this.emit("programChanged", this.program);
  }

  /** Everybody is gone: the call is over. */
  clear(): void {
    for (const participant of this.participants) this.remove(participant, undefined);
    this.setSpeakers([]);
    this.program.clear();
  }

  /** Takes over the list of who is heard. */
  setSpeakers(speakers: readonly Speaker[]): void {
    for (const participant of this.speaking) participant.audioLevel = 0;
    this.speaking = speakers.flatMap(({ member, level }) => {
      const participant = this.participant(member);
      if (!participant) return [];
      // Who is listed speaks, however softly.
      participant.audioLevel = Math.max(level, 0.01);
      return [participant];
    });
    this.emit("activeSpeakers", this.speaking);
  }

  private updateRemote(member: Member): void {
    let participant = this.remotes.get(member.id);
    if (!participant) {
      participant = new RemoteParticipantEntry();
      participant.setMember(member);
      this.remotes.set(member.id, participant);
      this.emit("participantJoined", participant);
    } else if (participant.setMember(member)) {
      this.emit("participantChanged", participant);
    }
    this.updateTracks(participant, member);
  }

  private updateTracks(participant: RemoteParticipantEntry, member: Member): void {
    for (const track of participant.tracks) {
      if (!member.tracks.some((t) => t.id === track.id)) this.removeTrack(participant, track);
    }
    for (const info of member.tracks) {
      const track = participant.byId.get(info.id);
      if (!track) {
        const added = new RemoteTrackEntry(participant, info);
        participant.byId.set(info.id, added);
        this.emit("trackPublished", added);
      } else if (track.setInfo(info)) {
        this.emit("trackChanged", track);
      }
    }
  }

  private remove(participant: RemoteParticipantEntry, cause: Code | undefined): void {
    for (const track of participant.tracks) this.removeTrack(participant, track);
    this.remotes.delete(participant.id);
    this.emit("participantLeft", participant, cause);
  }

  private removeTrack(participant: RemoteParticipantEntry, track: RemoteTrackEntry): void {
    participant.byId.delete(track.id);
    track.setSource(null);
    track.detach();
    this.emit("trackUnpublished", track);
  }
}
