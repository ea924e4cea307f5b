// Reading the room for the stage. Pure.

import type { LocalParticipant, Participant, RemoteParticipant, Room, Track } from "../../rtc";
import { pageSize } from "./places";

/** What both kinds of participant have, seen as one. */
export type ShownTrack = Track & { readonly mediaStreamTrack: MediaStreamTrack | null };

/** A participant's tracks. */
export function tracksOf(person: Participant): readonly ShownTrack[] {
  return (person as LocalParticipant | RemoteParticipant).tracks;
}

/** Everybody on the stage: the others as they came; oneself is the last of the first page. Who only watches is not on it. */
export function everybody({ participants, localParticipant }: Pick<Room, "participants" | "localParticipant">): readonly Participant[] {
  const others = participants.filter((person) => !person.viewer);
  if (localParticipant.viewer) return others;
  return [...others.slice(0, pageSize - 1), localParticipant, ...others.slice(pageSize - 1)];
}

/**
 * Whether the stage is the program's: its picture is shown, or it is what one
 * is to get and nothing else is there that could be shown until then.
 */
export function showsProgram({ program, participants, localParticipant }: Room): boolean {
  if (program.video.path !== null) return true;
  const tiles = participants.some((person) => person.tracks.some((t) => t.kind === "video" && t.mediaStreamTrack !== null));
  return localParticipant.path === "mcu" && !tiles;
}

/** Who the program's picture is of, if it is one person's that the server passes on without writing on it. */
export function forwarded({ program, participants, localParticipant }: Room): Participant | null {
  if (program.state !== "forwarding") return null;
  const people: readonly Participant[] = [localParticipant, ...participants];
  const shown = people.filter((person) => tracksOf(person).some((t) => t.kind === "video" && !t.muted));
  return shown.length === 1 ? (shown[0] ?? null) : null;
}

/** Whose tracks the server could not take into the program, by name. */
export function leftOut({ program, participants, localParticipant }: Room): readonly string[] {
  const people: readonly Participant[] = [localParticipant, ...participants];
  return people.filter((person) => tracksOf(person).some((t) => program.leftOut.includes(t.id))).map((person) => person.name);
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
