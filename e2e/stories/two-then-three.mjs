// Two people talk directly. A third comes, and everybody goes through the
// server; it leaves, and the two are direct again. Nobody's picture or sound
// has a gap that one notices.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until, world } from "../lab/story.mjs";

/** Machines of tests are noisy: what is asserted is generous, what is measured is told. */
const limit = 1000;

async function measureSwitch(what, people, from) {
  for (const one of people) {
    for (const other of people) {
      if (one === other) continue;
      const { picture, sound, blanks } = await one.gaps(other.name, from.get(one), await one.now());
      measured(`${what}: ${other.name}'s picture at ${one.name}'s, longest gap`, picture, "ms");
      measured(`${what}: ${other.name}'s sound at ${one.name}'s, longest gap`, sound, "ms");
      assert.ok(picture < limit, `a gap of ${picture} ms in ${other.name}'s picture`);
      assert.ok(sound < limit, `a gap of ${sound} ms in ${other.name}'s sound`);
      assert.deepEqual(blanks, [], `${other.name}'s picture was black or empty`);
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

  const cat = await enter("Cat");
  let from = await clocks([ann, ben]);
  await cat.join("stage");
  step("Cat has come");
  await Promise.all([ann, ben, cat].map((p) => p.reaches("sfu many")));
  await allMeet(ann, ben, cat);
  step("all see and hear all through the server");
  await until("the direct connection is gone", async () => {
    const counts = await Promise.all([ann, ben].map((p) => p.run(() => globalThis.connections.filter((c) => c.connectionState !== "closed").length)));
    return counts.every((count) => count === 1);
  });
  await measureSwitch("direct to server", [ann, ben], from);

  from = await clocks([ann, ben]);
  await cat.run(() => globalThis.tutti.disconnect());
  step("Cat has left");
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await allMeet(ann, ben);
  step("Ann and Ben are direct again");
  await measureSwitch("server to direct", [ann, ben], from);
  await ann.hearsNot("Cat");
  assert.ok((await world.metric("tutti_rooms")) >= 0);
});
