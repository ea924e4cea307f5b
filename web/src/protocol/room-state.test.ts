import { expect, test } from "vitest";
import type { Event, Member, Room, Track } from "./messages";
import { applyEvent, findTrack, fromSnapshot, MaxChatLines, type RoomState } from "./room-state";

const wei: Member = {
  id: "m1", name: "Wei", role: "host", path: "sfu", reason: "alone", pinned: "auto", hand: false, away: false,
  tracks: [], joined: 1,
};
const li: Member = { ...wei, id: "m2", name: "Li", role: "member", joined: 2 };
const camera: Track = { id: "t1", member: "m1", kind: "video", origin: "camera", muted: false };
const snapshot: Room = {
  name: "hall", number: 5, settings: { locked: false, path: "auto" }, program: { state: "off" }, members: [wei], chat: [],
};

function after(...events: Omit<Event, "number" | "time">[]): RoomState {
  return events.reduce<RoomState>(
    (state, event) => applyEvent(state, { ...event, number: state.number + 1, time: 0 }),
    fromSnapshot(snapshot),
  );
}

test("members keep the order in which they joined", () => {
  const state = after({ kind: "member_joined", member: li });
  expect([...state.members.keys()]).toEqual(["m1", "m2"]);
  expect(state.number).toBe(6);
  expect([...applyEvent(state, { number: 7, time: 0, kind: "member_left", member_id: "m1" }).members.keys()]).toEqual(["m2"]);
});

test("a member's change leaves its tracks alone", () => {
  const state = after(
    { kind: "track_published", track: camera },
    // Servers may leave the tracks out of this event.
    { kind: "member_changed", member: { ...wei, path: "p2p", tracks: null as unknown as Track[] } },
  );
  expect(state.members.get("m1")).toMatchObject({ path: "p2p", tracks: [camera] });
});

test("tracks come, change and go", () => {
  const published = after({ kind: "track_published", track: camera });
  expect(findTrack(published, "t1")?.member.id).toBe("m1");
  const muted = after(
    { kind: "track_published", track: camera },
    { kind: "track_changed", track: { ...camera, muted: true, codec: "VP8" } },
  );
  expect(findTrack(muted, "t1")?.track).toMatchObject({ muted: true, codec: "VP8" });
  const gone = after({ kind: "track_published", track: camera }, { kind: "track_unpublished", track: camera });
  expect(findTrack(gone, "t1")).toBeNull();
});

test("an earlier state is not changed by what follows", () => {
  const before = fromSnapshot(snapshot);
  applyEvent(before, { number: 6, time: 0, kind: "track_published", track: camera });
  expect(before.members.get("m1")?.tracks).toEqual([]);
});

test("private lines of others have a number but no text", () => {
  const state = after({ kind: "chat" }, { kind: "chat", chat: { from: "m1", name: "Wei", text: "hello", time: 1 } });
  expect(state.chat.length).toBe(1);
  expect(state.number).toBe(7);
});

test("the chat is bounded", () => {
  const line = { from: "m1", name: "Wei", text: "", time: 0 };
  const full = fromSnapshot({ ...snapshot, chat: Array.from({ length: MaxChatLines }, () => line) });
  const state = applyEvent(full, { number: 6, time: 0, kind: "chat", chat: { ...line, text: "last" } });
  expect(state.chat.length).toBe(MaxChatLines);
  expect(state.chat.at(-1)?.text).toBe("last");
});

test("what concerns nobody known changes nothing", () => {
  const state = after(
    { kind: "track_published", track: { ...camera, member: "m9" } },
    { kind: "member_changed", member: { ...li, id: "m9" } },
    { kind: "future" as "chat" },
  );
  expect([...state.members.values()]).toEqual([wei]);
});

test("settings and the end of the room are kept", () => {
  const state = after({ kind: "settings", settings: { locked: true, path: "sfu" } }, { kind: "ended", cause: "ended" });
  expect(state).toMatchObject({ settings: { locked: true, path: "sfu" }, ended: "ended" });
});

test("the program is as the last event says", () => {
  expect(after().program.state).toBe("off");
  const program = { state: "mixing", width: 1280, height: 720, left_out: ["t1"] } as const;
  expect(after({ kind: "program", program: { ...program, left_out: ["t1"] } }).program).toEqual(program);
});
