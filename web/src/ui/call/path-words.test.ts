import { expect, it } from "vitest";
import { catalogues } from "../../i18n";
import type { PathReason } from "../../rtc";
import { pathSentence, qualityOf } from "./path-words";

const { en, zh } = catalogues;
const reasons: readonly PathReason[] = [
  "alone", "two", "proving", "many", "pinned", "wish", "direct_failed", "direct_poor", "not_supported", "media_unproven",
  "viewer", "thin_line", "weak_device", "crowd", "mix_starting", "mix_failed",
];

it("says the path and its reason in one sentence", () => {
  expect(pathSentence(en, { path: "p2p", reason: "two", name: "Wei", people: 2, over: null })).toBe("Direct: your pictures go straight to Wei.");
  expect(pathSentence(en, { path: "sfu", reason: "many", name: "Wei", people: 3, over: null })).toBe("Through the server: three people are here.");
  expect(pathSentence(zh, { path: "sfu", reason: "many", name: "陈伟", people: 3, over: null })).toBe("经服务器转发：房间里有 3 个人。");
});

it("has a sentence for every reason, in both languages", () => {
  for (const words of [en, zh]) {
    for (const path of ["p2p", "sfu", "mcu", null] as const) {
      for (const reason of reasons) expect(pathSentence(words, { path, reason, name: "Wei", people: 2, over: null })).toMatch(/[.。]$/);
    }
  }
});

it("tells of a detour to the server, where media take it", () => {
  const facts = { reason: "many", name: "Wei", people: 3, over: "tcp" } as const;
  expect(pathSentence(en, { ...facts, path: "sfu" })).toBe("Through the server: three people are here. Over TCP, because UDP is blocked.");
  expect(pathSentence(en, { ...facts, path: "p2p" })).toBe("Direct: your pictures go straight to Wei.");
  expect(pathSentence(en, { ...facts, path: "sfu", over: "udp" })).toBe("Through the server: three people are here.");
});

it("calls a line by what hurts most", () => {
  expect(qualityOf(null)).toBeNull();
  expect(qualityOf({ loss: 0, rtt: 40 })).toBe("good");
  expect(qualityOf({ loss: 0.03, rtt: 40 })).toBe("fair");
  expect(qualityOf({ loss: 0, rtt: 300 })).toBe("fair");
  expect(qualityOf({ loss: 0.1, rtt: 40 })).toBe("poor");
  expect(qualityOf({ loss: 0, rtt: 900 })).toBe("poor");
});

it("says why everybody is in one picture, and what is so until then", () => {
  const facts = { name: "Wei", people: 20, over: null } as const;
  expect(pathSentence(en, { ...facts, path: "mcu", reason: "thin_line" })).toBe("Mixed by the server: your line is thin, and one picture needs less.");
  expect(pathSentence(en, { ...facts, path: "mcu", reason: "many" })).toBe("Mixed by the server: everybody in one picture.");
  expect(pathSentence(en, { ...facts, path: "sfu", reason: "thin_line" })).toBe(en.path.mix_starting);
  expect(pathSentence(en, { ...facts, path: "mcu", reason: "viewer", over: "tcp" })).toBe("Mixed by the server: you are watching. Over TCP, because UDP is blocked.");
});
