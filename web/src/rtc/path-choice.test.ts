import { expect, test } from "vitest";
import { choosePath, type Candidate } from "./path-choice";

const flowing: Candidate = { flowing: true, usable: true };
const live: Candidate = { flowing: false, usable: true };
const idle: Candidate = { flowing: false, usable: false };

test("the first picture is shown as soon as there may be one", () => {
  expect(choosePath({ preferred: "sfu", current: null, candidates: { sfu: live } })).toBe("sfu");
  expect(choosePath({ preferred: "sfu", current: null, candidates: { sfu: idle } })).toBeNull();
});

test("the old path is shown until the new one flows", () => {
  expect(choosePath({ preferred: "p2p", current: "sfu", candidates: { p2p: idle, sfu: flowing } })).toBe("sfu");
  expect(choosePath({ preferred: "p2p", current: "sfu", candidates: { p2p: flowing, sfu: flowing } })).toBe("p2p");
  // On the way back a slot that is live but has no picture yet is not enough.
  expect(choosePath({ preferred: "sfu", current: "p2p", candidates: { p2p: flowing, sfu: live } })).toBe("p2p");
  expect(choosePath({ preferred: "sfu", current: "p2p", candidates: { p2p: idle, sfu: flowing } })).toBe("sfu");
});

test("the last picture of a path that stands still is better than none", () => {
  expect(choosePath({ preferred: "sfu", current: "p2p", candidates: { p2p: idle } })).toBe("p2p");
});

test("a path that is gone is left", () => {
  expect(choosePath({ preferred: "sfu", current: "p2p", candidates: {} })).toBeNull();
  expect(choosePath({ preferred: "sfu", current: "p2p", candidates: { sfu: live } })).toBe("sfu");
});

test("what the preferred path can't carry comes by another", () => {
  expect(choosePath({ preferred: "p2p", current: null, candidates: { sfu: flowing } })).toBe("sfu");
});

test("the program is shown when it flows, and left when all else does", () => {
  expect(choosePath({ preferred: "mcu", current: "sfu", candidates: { mcu: live, sfu: flowing } })).toBe("sfu");
  expect(choosePath({ preferred: "mcu", current: "sfu", candidates: { mcu: flowing, sfu: flowing } })).toBe("mcu");
  expect(choosePath({ preferred: "mcu", current: null, candidates: { mcu: live, sfu: live } })).toBe("mcu");
  expect(choosePath({ preferred: "sfu", current: "mcu", candidates: { mcu: flowing, sfu: live } })).toBe("mcu");
  expect(choosePath({ preferred: "sfu", current: "mcu", candidates: { mcu: idle, sfu: flowing } })).toBe("sfu");
});
