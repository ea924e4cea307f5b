// The state of a room as the server tells it: a snapshot, and the numbered
// events since. Pure; every change makes a new value that shares what is equal.

import type { ChatLine, Code, Event, Member, Program, Room, Settings, Track } from "./messages";

/** Chat lines that are kept; older ones are forgotten. */
export const MaxChatLines = 1000;

/** A room as of event `number`. */
export interface RoomState {
  readonly name: string;
  readonly number: number;
  readonly settings: Settings;
  readonly program: Program;
  /** By id, in the order in which they joined. */
  readonly members: ReadonlyMap<string, Member>;
  readonly chat: readonly ChatLine[];
  /** Why the room is over, if it is. */
  readonly ended: Code | null;
}

/** The state before anything is known. */
export const emptyRoom: RoomState = {
  name: "",
  number: 0,
  settings: { locked: false, path: "auto" },
  program: { state: "off" },
  members: new Map(),
  chat: [],
  ended: null,
};

/** The state that a snapshot describes. */
export function fromSnapshot(room: Room): RoomState {
  return {
    name: room.name,
    number: room.number,
    settings: room.settings,
    program: room.program,
    members: new Map((room.members ?? []).map((m) => [m.id, withTracks(m, m.tracks)])),
    chat: room.chat ?? [],
    ended: null,
  };
}

/** The state after event. Events about members or tracks that are not known change the number only. */
export function applyEvent(state: RoomState, event: Event): RoomState {
  return { ...state, number: event.number, ...change(state, event) };
}

/** The member and track with this track id. */
export function findTrack(state: RoomState, id: string): { member: Member; track: Track } | null {
  for (const member of state.members.values()) {
    const track = member.tracks.find((t) => t.id === id);
    if (track) return { member, track };
  }
  return null;
}

function change(state: RoomState, event: Event): Partial<RoomState> {
  switch (event.kind) {
    case "member_joined":
      return event.member ? { members: withMember(state, withTracks(event.member, event.member.tracks)) } : {};
    case "member_changed": {
      // Tracks have events of their own, so what is known of them stands.
      const known = event.member && state.members.get(event.member.id);
      return event.member && known ? { members: withMember(state, withTracks(event.member, known.tracks)) } : {};
    }
    case "member_left":
      return { members: without(state.members, event.member_id ?? "") };
    case "track_published":
    case "track_changed":
      return changeTracks(state, event.track, (tracks, track) =>
        tracks.some((t) => t.id === track.id)
          ? tracks.map((t) => (t.id === track.id ? track : t))
          : [...tracks, track],
      );
    case "track_unpublished":
      return changeTracks(state, event.track, (tracks, track) => tracks.filter((t) => t.id !== track.id));
    case "chat":
      return event.chat ? { chat: [...state.chat, event.chat].slice(-MaxChatLines) } : {};
    case "settings":
      return event.settings ? { settings: event.settings } : {};
    case "program":
      return event.program ? { program: event.program } : {};
    case "ended":
      return { ended: event.cause ?? "ended" };
    default:
      return {};
  }
}

function changeTracks(
  state: RoomState,
  track: Track | undefined,
  edit: (tracks: Track[], track: Track) => Track[],
): Partial<RoomState> {
  const member = track && state.members.get(track.member);
  if (!track || !member) return {};
  return { members: withMember(state, withTracks(member, edit(member.tracks, track))) };
}

function withTracks(member: Member, tracks: Track[] | null | undefined): Member {
  return { ...member, tracks: tracks ?? [] };
}

function withMember(state: RoomState, member: Member): Map<string, Member> {
  return new Map(state.members).set(member.id, member);
}

function without(members: ReadonlyMap<string, Member>, id: string): Map<string, Member> {
  const rest = new Map(members);
  rest.delete(id);
  return rest;
}
