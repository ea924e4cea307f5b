// Two people change how they receive each other while they talk: from the server
// to the program, from there to a direct connection, and back. Nobody's picture
// or sound has a gap that one notices.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until } from "../lab/story.mjs";

/** Milliseconds. What is measured is told, what is asserted is generous: machines of tests are noisy. */
const limit = 500;
const halves = [[0, 0.25, 0.5, 0.5], [0.5, 0.25, 0.5, 0.5]];
/** What is measured before and after a switch, in milliseconds. */
const before = 500;
const after = 1500;

/** Has both ask for a path, waits for it, and measures what of the other each missed meanwhile. */
async function go(people, wish, path, noise) {
  const from = new Map(await Promise.all(people.map(async (one) => [one, await one.now()])));
  if (wish) await Promise.all(people.map((one) => one.run((wish) => globalThis.tutti.setPath(wish), wish)));
  if (path) await Promise.all(people.map((one) => one.goesBy(path)));
  const to = new Map(await Promise.all(people.map(async (one) => [one, await one.now()])));
  let most = 0;
  for (const one of people) {
    const other = people.find((p) => p !== one);
    const [begin, end] = [from.get(one) - before, to.get(one) + after];
    await until("the time after the switch is over", async () => (await one.now()) > end);
    const { picture, sound, blanks } = await one.gaps(other.name, begin, end);
    const what = path ? `to ${path}` : "undisturbed";
    measured(`${what}: longest gap in ${other.name}'s picture`, picture.length, "ms");
    measured(`${what}: longest gap in ${other.name}'s sound`, sound.length, "ms");
    step(`${what}: ${one.name} misses ${other.name}'s picture for ${picture.length} ms and the sound for ${sound.length} ms`);
    assert.deepEqual(blanks, [], `${other.name}'s picture was black or empty`);
    most = Math.max(most, picture.length, sound.length);
    if (noise !== undefined) {
      const allowed = Math.max(limit, 3 * noise);
      assert.ok(picture.length < allowed, `a gap of ${picture.length} ms in ${other.name}'s picture`);
      assert.ok(sound.length < allowed, `a gap of ${sound.length} ms in ${other.name}'s sound`);
    }
  }
  return most;
}

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann"), await enter("Ben")];
  const people = [ann, ben];
  await ann.join("stage");
  await ann.run(() => globalThis.tutti.updateSettings({ path: "auto", program: { width: 640, height: 360, fps: 15 } }));
  await Promise.all(people.map((one) => one.run(() => globalThis.tutti.setPath("sfu").catch(() => undefined))));
  await ben.join("stage");
  await ben.run(() => globalThis.tutti.setPath("sfu"));
  for (const one of people) await one.run((places) => globalThis.senses.divide(places), halves);
  await allMeet(ann, ben);
  await Promise.all(people.map((one) => one.goesBy("sfu")));
  const now = await ann.now();
  await until("two seconds have passed", async () => (await ann.now()) > now + 2000);
  const noise = await go(people, null, null);

  await go(people, "mcu", "mcu", noise);
  await Promise.all(people.map((one) => one.seats(halves, ["Ann", "Ben"])));
  await Promise.all([ann.hearsNot("Ann"), ben.hearsNot("Ben")]);
  step("each sees both in one picture, and hears the other only");
  await go(people, "auto", "p2p", noise);
  await go(people, "mcu", "mcu", noise);
  await go(people, "sfu", "sfu", noise);
});
