import { expect, test } from "vitest";
import { LoadReader, worthTelling } from "./load-watch";

const inbound = (id: string, totalDecodeTime: number, framesReceived: number, framesDropped: number) =>
  ({ type: "inbound-rtp", kind: "video", id, totalDecodeTime, framesReceived, framesDropped });

test("the load is what decoding took since the last look, summed over pictures", () => {
  const reader = new LoadReader();
  expect(reader.read([inbound("a", 7, 1000, 0), inbound("b", 1, 1000, 5)], 10_000)).toBeNull();
  const load = reader.read([inbound("a", 9, 1150, 0), inbound("b", 2, 1150, 35), { type: "inbound-rtp", kind: "audio", id: "c" }], 15_000);
  expect(load).toEqual({ decode: 0.6, dropped: 0.1 });
});

test("a picture that is new, or a page that receives none, tells nothing", () => {
  const reader = new LoadReader();
  reader.read([inbound("a", 1, 100, 0)], 0);
  expect(reader.read([inbound("a", 2, 250, 0), inbound("b", 90, 5000, 900)], 5000)).toEqual({ decode: 0.2, dropped: 0 });
  expect(reader.read([inbound("a", 2, 253, 2)], 10_000)).toBeNull();
  expect(reader.read([], 15_000)).toBeNull();
});

test("counts that begin anew, or make no sense, do no harm", () => {
  const reader = new LoadReader();
  reader.read([inbound("a", 8, 1000, 9)], 0);
  expect(reader.read([inbound("a", 1, 100, 0)], 5000)).toBeNull();
  expect(reader.read([inbound("a", Number.NaN, 250, 0)], 10_000)).toEqual({ decode: 0, dropped: 0 });
});

test("the server is told what is hard, the all-clear after it, and what one sees of the program", () => {
  const easy = { decode: 0.2, dropped: 0.01 };
  const hard = { decode: 0.9, dropped: 0 };
  const apart = { onProgram: false, told: null };
  expect(worthTelling(easy, apart)).toBe(false);
  expect(worthTelling(hard, apart)).toBe(true);
  expect(worthTelling({ decode: 0.1, dropped: 0.08 }, apart)).toBe(true);
  expect(worthTelling(easy, { onProgram: false, told: hard })).toBe(true);
  expect(worthTelling(easy, { onProgram: false, told: easy })).toBe(false);
  expect(worthTelling(easy, { onProgram: true, told: null })).toBe(true);
});
