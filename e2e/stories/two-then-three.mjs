// Two people talk directly. A third comes, and everybody goes through the
// server; it leaves, and the two are direct again. Nobody's picture or sound
// has a gap that one notices.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until } from "../lab/story.mjs";

/** Milliseconds. Machines of tests are noisy: what is measured is told, what is asserted is generous. */
const limit = 1000;
/** The longest gap while nothing happened: what this machine does to a picture at the moment. */
let noise = 0;

/**
 * Measures around the time at which tracks changed their path, as the page
 * noted it; without a time since which one did, in the last two seconds.
 */
async function measureGaps(what, people, since) {
  for (const one of people) {
    const now = await one.now();
    const switches = (await one.traces("trace")).filter((t) => t.args[0].what === "track-path" && t.at >= (since?.get(one) ?? now));
    const [from, to] = since ? [switches[0].at - 1000, switches.at(-1).at + 1500] : [now - 2000, now];
    if (to > now) await until("the time around the switch is over", async () => (await one.now()) > to);
    for (const other of people) {
      if (one === other) continue;
      const { picture, sound, blanks } = await one.gaps(other.name, from, to);
      measured(`${what}: longest gap in ${other.name}'s picture`, picture.length, "ms");
      measured(`${what}: longest gap in ${other.name}'s sound`, sound.length, "ms");
      assert.deepEqual(blanks, [], `${other.name}'s picture was black or empty`);
      if (!since) noise = Math.max(noise, picture.length, sound.length);
      else {
        const most = Math.max(limit, 3 * noise);
        assert.ok(picture.length < most, `a gap of ${picture.length} ms in ${other.name}'s picture`);
        assert.ok(sound.length < most, `a gap of ${sound.length} ms in ${other.name}'s sound`);
      }
    }
  }
}

async function clocks(people) {
  return new Map(await Promise.all(people.map(async (one) => [one, await one.now()])));
}

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann"), await enter("Ben")];
  await ann.join("stage");
  assert.equal(await ann.path(), "sfu alone");
  await ben.join("stage");
  step("Ann and Ben are in the room");
  await allMeet(ann, ben);
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  step("they are direct");

  step("the server carries nothing any more");
  await until("both are told that nobody needs what they send to the server", async () => {
    const idle = await Promise.all([ann, ben].map((p) => p.traces("trace")));
    return idle.every((traces) => traces.filter((t) => t.args[0].what === "up-idle").at(-1)?.args[0].detail.idle);
  });

  let from = await clocks([ann, ben]);
  await until("two seconds have passed", async () => (await ben.now()) > from.get(ben) + 2100);
  await measureGaps("undisturbed", [ann, ben]);
  const cat = await enter("Cat");
  from = await clocks([ann, ben]);
  await cat.join("stage");
  step("Cat has come");
  await Promise.all([ann, ben, cat].map((p) => p.reaches("sfu many")));
  await allMeet(ann, ben, cat);
  step("all see and hear all through the server");
  await until("the direct connection is gone", async () => {
    const counts = await Promise.all([ann, ben].map((p) => p.run(() => globalThis.connections.filter((c) => c.connectionState !== "closed").length)));
    return counts.every((count) => count === 1);
  });
  await measureGaps("direct to server", [ann, ben], from);

  from = await clocks([ann, ben]);
  await cat.run(() => globalThis.tutti.disconnect());
  step("Cat has left");
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await allMeet(ann, ben);
  step("Ann and Ben are direct again");
  await measureGaps("server to direct", [ann, ben], from);
  await ann.hearsNot("Cat");
});
