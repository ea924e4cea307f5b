import { expect, test } from "vitest";
import { assignSlots, type Wish } from "./slot-map";

const slots = ["7", "8", "9"];

function wish(track: string, width = 320): Wish {
  return { track, width, height: (width * 9) / 16 };
}

function tracks(bySlot: ReadonlyMap<string, Wish>): Record<string, string> {
  return Object.fromEntries([...bySlot].map(([slot, w]) => [slot, w.track]));
}

test("tracks fill the slots in order", () => {
  expect(tracks(assignSlots(slots, new Map(), [wish("a"), wish("b")]).bySlot)).toEqual({ 7: "a", 8: "b" });
});

test("a track keeps its slot when others come, go or move", () => {
  const first = assignSlots(slots, new Map(), [wish("a"), wish("b"), wish("c")]).bySlot;
  const second = assignSlots(slots, first, [wish("d"), wish("c"), wish("b", 1280)]).bySlot;
  expect(tracks(second)).toEqual({ 7: "d", 8: "b", 9: "c" });
  expect(second.get("8")?.width).toBe(1280);
});

test("a track shown twice takes one slot, in the larger size", () => {
  const { bySlot, missing } = assignSlots(slots, new Map(), [wish("a", 160), wish("a", 640), wish("a", 320)]);
  expect(tracks(bySlot)).toEqual({ 7: "a" });
  expect(bySlot.get("7")?.width).toBe(640);
  expect(missing).toBe(0);
});

test("tracks without a slot are counted, and those that are there stay", () => {
  const first = assignSlots(slots, new Map(), [wish("a"), wish("b"), wish("c")]).bySlot;
  const { bySlot, missing } = assignSlots(slots, first, [wish("x"), wish("y"), wish("c"), wish("a"), wish("b")]);
  expect(tracks(bySlot)).toEqual({ 7: "a", 8: "b", 9: "c" });
  expect(missing).toBe(2);
});
