// Reading the room for the stage. Pure.

import type { LocalParticipant, Participant, RemoteParticipant, Room, Track } from "../../rtc";

/** What both kinds of participant have, seen as one. */
export type ShownTrack = Track & { readonly mediaStreamTrack: MediaStreamTrack | null };

/** A participant's tracks. */
export function tracksOf(person: Participant): readonly ShownTrack[] {
  return (person as LocalParticipant | RemoteParticipant).tracks;
}

/** Everybody on the stage: the others as they came, then oneself. */
export function everybody(room: Room): readonly Participant[] {
  return [...room.participants, room.localParticipant];
}

/** The screens that others share. */
export function screensOf(room: Room) {
  return room.participants.flatMap((person) => {
    const track = person.track("screen");
    return track && !track.muted ? [track] : [];
  });
}

/** Whether the person's voice can't be heard. */
export function isMuted(person: Participant): boolean {
  return tracksOf(person).find((t) => t.origin === "microphone")?.muted ?? true;
}
