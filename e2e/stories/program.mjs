// One who only watches sees and hears all in one picture and one sound, each in
// the place that the layout has for them; lips move with the voice.

import assert from "node:assert/strict";
import { measured, step, story, until, world } from "../lab/story.mjs";

const names = ["Ann", "Ben", "Cat", "Dan"];
const quarters = [[0, 0, 0.5, 0.5], [0.5, 0, 0.5, 0.5], [0, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]];
const halves = [[0, 0.25, 0.5, 0.5], [0.5, 0.25, 0.5, 0.5]];
/** Milliseconds that mixing may add between flash and beep, in the middle of those that were measured. */
const limit = 80;
const beeps = 12;

story(async ({ enter }) => {
  // Whoever comes first is host, and says how large the program is.
  const vic = await enter("Vic");
  await vic.join("stage", { camera: false, microphone: false });
  await vic.run(() => globalThis.tutti.updateSettings({ program: { width: 640, height: 360, fps: 15 } }));
  await vic.run(() => globalThis.tutti.setPath("mcu"));
  for (const name of names) await world.act(name);
  await vic.seats(quarters, names);
  for (const name of names) await vic.hears(name);
  step("all four are seen, each in their place, and heard");
  assert.equal(await vic.run(() => globalThis.tutti.program.state), "mixing");

  await world.leave("Ben");
  await vic.seats([quarters[0], quarters[1], [0.25, 0.5, 0.5, 0.5]], ["Ann", "Dan", "Cat"]);
  await vic.hearsNot("Ben");
  step("Ben leaves; Ann and Cat stay where they are");

  for (const name of ["Ann", "Cat", "Dan"]) await world.leave(name);
  await vic.run(() => globalThis.tutti.updateSettings({ program: { width: 640, height: 360, fps: 30 } }));
  await world.act("Ann", "beeps", "fast");
  await world.act("Ben", "quiet");
  await vic.run((places) => globalThis.senses.divide(places), halves);
  const mixed = await lipSync(vic, "the program", 0);
  await vic.run(() => globalThis.tutti.setPath("sfu"));
  const forwarded = await lipSync(vic, "what is forwarded", null);
  const allowed = limit + mixed.spread + forwarded.spread;
  assert.ok(Math.abs(mixed.median - forwarded.median) <= allowed, "the program takes lips and voice apart");
});

/**
 * Measures by how much beeps come after flashes, and returns the median and how far apart those are that have a
 * quarter below and above: what this machine does to them.
 */
async function lipSync(person, what, place) {
  const from = await person.now();
  const apart = await until(`flashes and beeps of ${what}`, async () => {
    const found = await person.run(([place, from]) => globalThis.senses.lipSync("Ann", place, from), [place, from]);
    return found.length >= beeps ? found : null;
  }, 60_000);
  apart.sort((a, b) => a - b);
  const [first, median, third] = [1, 2, 3].map((n) => apart[Math.floor((n * apart.length) / 4)]);
  step(`${what}: the beep comes ${median} ms after the flash (${apart.join(", ")})`);
  measured(`${what} in Chromium: beep after flash, median`, median, "ms");
  measured(`${what} in Chromium: beep after flash, first`, apart[0], "ms");
  measured(`${what} in Chromium: beep after flash, last`, apart.at(-1), "ms");
  return { median, spread: third - first };
}
