import { expect, test } from "vitest";
import { DirectHealth, type HealthSample, type Verdict } from "./direct-health";

const start: HealthSample = { at: 0, packets: 0, lost: 0, pongs: 0, mediaExpected: true };

/** Judges a sample each second; step gives what came in that second. */
function run(seconds: number, step: (second: number) => Partial<HealthSample>, from = start): Verdict[] {
  const health = new DirectHealth();
  let sample = from;
  const verdicts = [health.judge(sample)];
  for (let s = 1; s <= seconds; s++) {
    const { packets = 0, lost = 0, pongs = 0, mediaExpected = sample.mediaExpected } = step(s);
    sample = {
      at: s * 1000, mediaExpected,
      packets: sample.packets + packets, lost: sample.lost + lost, pongs: sample.pongs + pongs,
    };
    verdicts.push(health.judge(sample));
  }
  return verdicts;
}

test("packets that come are good", () => {
  expect(run(10, () => ({ packets: 50, lost: 2 }))).toEqual(new Array(11).fill("good"));
});

test("three seconds without a packet are a stall", () => {
  expect(run(6, (s) => ({ packets: s <= 2 ? 50 : 0, pongs: 1 }))).toEqual(["good", "good", "good", "good", "good", "stalled", "stalled"]);
});

test("silence of everything is suspect long before it counts, and forgotten when packets come", () => {
  const verdicts = run(5, (s) => (s === 2 || s === 3 ? {} : { packets: 50, pongs: 1 }));
  expect(verdicts).toEqual(["good", "good", "good", "suspect", "good", "good"]);
});

test("where nothing is sent the answers to pings count", () => {
  const silent = { ...start, mediaExpected: false };
  expect(run(6, () => ({ pongs: 1 }), silent).at(-1)).toBe("good");
  expect(run(3, () => ({}), silent).at(-1)).toBe("stalled");
});

test("unmuting is given time for its first packets", () => {
  const verdicts = run(5, (s) => ({ pongs: 1, mediaExpected: s >= 2, packets: s >= 4 ? 50 : 0 }), { ...start, mediaExpected: false });
  expect(verdicts).toEqual(new Array(6).fill("good"));
});

test("heavy loss counts once it lasts, and a pause in it begins anew", () => {
  const heavy = { packets: 70, lost: 30 };
  expect(run(5, () => heavy).findIndex((v) => v === "lossy")).toBe(5);
  expect(run(8, (s) => (s === 4 ? { packets: 100 } : heavy))).toEqual(new Array(9).fill("good"));
});

test("a count of lost packets that shrinks is no loss", () => {
  expect(run(6, () => ({ packets: 10, lost: -5 })).at(-1)).toBe("good");
});
