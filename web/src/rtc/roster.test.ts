import { expect, test } from "vitest";
import type { Member, Track } from "../protocol/messages";
import { emptyRoom, type RoomState } from "../protocol/room-state";
import { nobody, RemoteParticipantEntry } from "./participants";
import { Roster } from "./roster";

const me: Member = { ...nobody, id: "me", name: "Wei" };
const li: Member = { ...nobody, id: "li", name: "Li" };
const camera: Track = { id: "t1", member: "li", kind: "video", origin: "camera", muted: false };

function state(...members: Member[]): RoomState {
  return { ...emptyRoom, members: new Map(members.map((m) => [m.id, m])) };
}

function logged(): { roster: Roster; log: string[] } {
  const log: string[] = [];
  const roster = new Roster(new RemoteParticipantEntry());
  roster.on("participantJoined", (p) => log.push(`${p.name} joined`));
  roster.on("participantLeft", (p, cause) => log.push(`${p.name} left: ${cause}`));
  roster.on("participantChanged", (p) => log.push(`${p.name} changed`));
  roster.on("trackPublished", (t) => log.push(`${t.id} published`));
  roster.on("trackChanged", (t) => log.push(`${t.id} changed`));
  roster.on("trackUnpublished", (t) => log.push(`${t.id} unpublished`));
  return { roster, log };
}

test("says what is new, and nothing when nothing is", () => {
  const { roster, log } = logged();
  const together = state(me, { ...li, tracks: [camera] });
  roster.update(together, "me");
  roster.update(together, "me");
  roster.update(state(me, { ...li, hand: true, tracks: [{ ...camera, muted: true }] }), "me");
  roster.update(state(me), "me", "removed");
  expect(log).toEqual([
    "Wei changed", "Li joined", "t1 published", "Li changed", "t1 changed", "t1 unpublished", "Li left: removed",
  ]);
});

test("participants and tracks stay the same objects", () => {
  const { roster } = logged();
  roster.update(state(me, { ...li, tracks: [camera] }), "me");
  const [participant] = roster.participants;
  const track = roster.track("t1");
  roster.update(state(me, { ...li, name: "Li Na", tracks: [{ ...camera, muted: true }] }), "me");
  expect(roster.participants[0]).toBe(participant);
  expect(participant?.name).toBe("Li Na");
  expect(roster.track("t1")).toBe(track);
  expect(track?.muted).toBe(true);
});

test("a new membership is oneself still", () => {
  const { roster, log } = logged();
  roster.update(state(me, li), "me");
  log.length = 0;
  // After a server's restart the ids are others.
  roster.update(state({ ...li, id: "li2" }, { ...me, id: "me2" }), "me2");
  expect(log).toEqual(["Wei changed", "Li left: undefined", "Li joined"]);
  expect(roster.participants.map((p) => p.id)).toEqual(["li2"]);
});

test("who is heard speaks, the others are silent", () => {
  const { roster } = logged();
  roster.update(state(me, li), "me");
  roster.setSpeakers([{ member: "li", track: "t2", level: 0.4 }, { member: "gone", track: "t3", level: 0.9 }]);
  expect(roster.activeSpeakers.map((p) => p.name)).toEqual(["Li"]);
  const [first] = roster.participants;
  expect(first).toMatchObject({ isSpeaking: true, audioLevel: 0.4 });
  roster.setSpeakers([{ member: "me", track: "t0", level: 0 }]);
  expect(first?.isSpeaking).toBe(false);
  expect(roster.participant("me")?.isSpeaking).toBe(true);
});

test("the program is one object, and says when it changes", () => {
  const { roster, log } = logged();
  const { program } = roster;
  roster.on("programChanged", ({ state }) => log.push(state));
  const room = state(me);
  roster.update(room, "me");
  roster.update({ ...room, program: { state: "mixing", width: 1280, height: 720, left_out: ["t1"] } }, "me");
  expect(log.slice(-1)).toEqual(["mixing"]);
  expect(program).toMatchObject({ width: 1280, height: 720, leftOut: ["t1"], text: "" });
  expect(program.video).toMatchObject({ id: "program-video", kind: "video", width: 1280, path: null });
  expect(program.audio).toMatchObject({ id: "program-audio", kind: "audio", width: 0 });
  roster.clear();
  expect(roster.program).toBe(program);
  expect(program.state).toBe("off");
});
