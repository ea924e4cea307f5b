import { expect, it } from "vitest";
import { parsePreferences, withRecent } from "../preferences";
import { nameInToken, parseRoute, roomFromInput, roomPath, tokenFrom } from "../route";
import { ago } from "./ago";
import { roomName, roomNameBits } from "./room-name";

it("makes names that are easy to read out and hard to guess", () => {
  expect(roomName([0, 0, 0, 7])).toBe("amber-acorn-acorn-007");
  expect(roomName([63, 64, 4_294_967_295, 482])).toMatch(/^[a-z]+-[a-z]+-[a-z]+-482$/);
  expect(roomNameBits).toBeGreaterThan(27);
});

it("finds the room in a name or a link", () => {
  expect(roomFromInput("  string-quartet ")).toBe("string-quartet");
  expect(roomFromInput("https://meet.example.org/r/calm-otter?x=1#token=abc")).toBe("calm-otter");
  expect(roomFromInput("周一例会")).toBe("周一例会");
  expect(roomFromInput("https://meet.example.org/r/%E5%91%A8")).toBe("周");
  for (const bad of ["", "   ", "a/b", "x".repeat(65), "https://example.org/"]) expect(roomFromInput(bad)).toBe("");
});

it("goes to a room and back", () => {
  expect(parseRoute(roomPath("周一 例会"))).toEqual({ page: "room", room: "周一 例会" });
  expect(parseRoute("/")).toEqual({ page: "home" });
  expect(parseRoute("/r/%E0%A4%A")).toEqual({ page: "home" });
});

it("takes a token from behind the #, or else from the query", () => {
  expect(tokenFrom("?token=q", "#token=h")).toBe("h");
  expect(tokenFrom("?token=q", "")).toBe("q");
  expect(tokenFrom("", "#")).toBeUndefined();
});

it("reads the name in a token, and no nonsense", () => {
  const token = (claims: unknown): string => `e30.${btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims)))).replace(/\+/g, "-").replace(/\//g, "_")}.x`;
  expect(nameInToken(token({ name: "王小明 ✓" }))).toBe("王小明 ✓");
  expect(nameInToken(token({ sub: "ann" }))).toBe("");
  for (const bad of [undefined, "", "a.b", "e30.%%%.x", token(null)]) expect(nameInToken(bad)).toBe("");
});

it("reads what was stored, and forgets what makes no sense", () => {
  expect(parsePreferences(null)).toMatchObject({ language: null, theme: "auto", cameraOn: true, recent: [] });
  expect(parsePreferences("{broken")).toMatchObject({ name: "" });
  expect(parsePreferences("[]")).toMatchObject({ name: "" });
  expect(parsePreferences(JSON.stringify({ language: "xx", theme: 7, name: "Wei", cameraOn: false, recent: [{ room: "a", at: 1 }, { room: 2 }, null] })))
    .toMatchObject({ language: null, theme: "auto", name: "Wei", cameraOn: false, recent: [{ room: "a", at: 1 }] });
});

it("keeps the rooms of late, each once, the newest first", () => {
  let recent = withRecent([], "a", 1);
  for (const room of ["b", "c", "a", "d", "e", "f", "g"]) recent = withRecent(recent, room, 2);
  expect(recent.map((r) => r.room)).toEqual(["g", "f", "e", "d", "a", "c"]);
});

it("says when something was, in words", () => {
  const now = Date.UTC(2026, 10, 22);
  expect(ago("en", now - 5000, now)).toBe("now");
  expect(ago("en", now - 3_600_000, now)).toBe("1 hour ago");
  expect(ago("en", now - 86_400_000, now)).toBe("yesterday");
  expect(ago("zh-Hans", now - 2 * 86_400_000, now)).toBe("前天");
});
