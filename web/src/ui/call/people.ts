// Reading the room for the stage. Pure.

import type { LocalParticipant, Participant, RemoteParticipant, Room, Track } from "../../rtc";
import { pageSize } from "./places";

/** What both kinds of participant have, seen as one. */
export type ShownTrack = Track & { readonly mediaStreamTrack: MediaStreamTrack | null };

/** A participant's tracks. */
export function tracksOf(person: Participant): readonly ShownTrack[] {
  return (person as LocalParticipant | RemoteParticipant).tracks;
}

/** Everybody on the stage: the others as they came; oneself is the last of the first page. */
export function everybody({ participants, localParticipant }: Pick<Room, "participants" | "localParticipant">): readonly Participant[] {
  return [...participants.slice(0, pageSize - 1), localParticipant, ...participants.slice(pageSize - 1)];
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
