import { expect, test } from "vitest";
import type { Participant, Program, RemoteParticipant, Room } from "../../rtc";
import { everybody, forwarded, leftOut, showsProgram } from "./people";

interface Facts {
  viewer?: boolean;
  path?: string;
  /** The ids of its pictures, and whether they come. */
  video?: Record<string, boolean>;
}

function person(name: string, { viewer = false, path = "sfu", video = {} }: Facts = {}): Participant {
  const tracks = Object.entries(video).map(([id, flows]) => ({ id, kind: "video", mediaStreamTrack: flows ? {} : null }));
  return { name, viewer, path, tracks } as unknown as Participant;
}

function room(self: Participant, others: Participant[], program: Partial<Program> = {}): Room {
  return {
    localParticipant: self, participants: others as RemoteParticipant[],
    program: { leftOut: [], video: { path: null }, ...program },
  } as unknown as Room;
}

const names = (people: readonly Participant[]): string[] => people.map((p) => p.name);

test("who only watches is not on the stage", () => {
  const others = [person("Ann"), person("Vi", { viewer: true }), person("Ben")];
  expect(names(everybody(room(person("Me"), others)))).toEqual(["Ann", "Ben", "Me"]);
  expect(names(everybody(room(person("Me", { viewer: true }), others)))).toEqual(["Ann", "Ben"]);
});

test("the stage is the program's while its picture is shown, and before it where nothing else could be", () => {
  const shown = { video: { path: "mcu" } } as Partial<Program>;
  const mixed = person("Me", { path: "mcu" });
  const flowing = person("Ann", { video: { a: true } });
  const still = person("Ann", { video: { a: false } });
  expect(showsProgram(room(person("Me"), [flowing], shown))).toBe(true);
  expect(showsProgram(room(mixed, [flowing]))).toBe(false);
  expect(showsProgram(room(mixed, [still]))).toBe(true);
  expect(showsProgram(room(person("Me"), [still]))).toBe(false);
});

test("those whose pictures the server can't decode are named", () => {
  const others = [person("Ann", { video: { a: false } }), person("Ben", { video: { b: false } })];
  expect(leftOut(room(person("Me"), others, { leftOut: ["b", "gone"] }))).toEqual(["Ben"]);
});

test("one picture that is passed on is somebody's, if there is no doubt whose", () => {
  const forwarding = { state: "forwarding" } as const;
  const [ann, ben] = [person("Ann", { video: { a: true } }), person("Ben")];
  expect(forwarded(room(person("Me"), [ann, ben], forwarding))?.name).toBe("Ann");
  expect(forwarded(room(person("Me"), [ann, ben], { state: "mixing" }))).toBeNull();
  expect(forwarded(room(person("Me", { video: { m: true } }), [ann], forwarding))).toBeNull();
  expect(forwarded(room(person("Me"), [ben], forwarding))).toBeNull();
});
