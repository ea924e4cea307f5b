// The socket of signalling breaks while media runs on; the server is stopped in
// order and started again; it crashes and is started again. Each time the page
// comes back by itself.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until, world } from "../lab/story.mjs";

async function comeBack(people, what, resumed) {
  for (const one of people) {
    const reconnected = await until(`${one.name} is back`, async () => (await one.traces("reconnected"))[what]);
    assert.equal(reconnected.args[0], resumed);
    assert.equal(await one.run(() => globalThis.tutti.state), "connected");
  }
}

story(async ({ enter }) => {
  // Three, so that the server carries the media.
  const people = [await enter("Ann"), await enter("Ben"), await enter("Cat")];
  const [ann, ben, cat] = people;
  await Promise.all(people.map((one) => one.join("stage")));
  await Promise.all(people.map((one) => one.reaches("sfu many")));
  await allMeet(...people);
  step("all see and hear each other");

  const from = new Map(await Promise.all(people.map(async (one) => [one, await one.now()])));
  const members = await Promise.all(people.map((one) => one.run(() => globalThis.tutti.localParticipant.id)));
  await world.shut();
  await until("all have noticed", async () => (await Promise.all(people.map((p) => p.run(() => globalThis.tutti.state)))).every((s) => s === "reconnecting"));
  await Promise.all([ann.meets("Ben", "Cat"), ben.meets("Ann"), cat.meets("Ann")]);
  step("signalling is broken; media runs on");
  await world.open();
  await comeBack(people, 0, true);
  assert.deepEqual(await Promise.all(people.map((one) => one.run(() => globalThis.tutti.localParticipant.id))), members);
  const { picture, sound, blanks } = await ann.gaps("Ben", from.get(ann), await ann.now());
  measured("signalling lost: longest gap in the picture", picture.length, "ms");
  measured("signalling lost: longest gap in the sound", sound.length, "ms");
  assert.ok(picture.length < 3000, `a gap of ${picture.length} ms in Ben's picture`);
  assert.deepEqual(blanks, []);
  await cat.run(() => globalThis.tutti.sendChat("still here"));
  await until("the chat goes on", () => ann.run(() => globalThis.tutti.chat.at(-1)?.text === "still here"));
  step("all have resumed");

  await world.stop();
  await until("Ann's page says so", () => ann.run(() => globalThis.tutti.state === "reconnecting"));
  await world.start();
  const restarted = await ann.now();
  await comeBack(people, 1, false);
  await Promise.all(people.map((one) => one.reaches("sfu many")));
  await allMeet(...people);
  measured("server restarted: until everybody is seen and heard again", (await ann.now()) - restarted, "ms");
  step("the server was restarted, and everybody is back");

  await world.kill();
  await world.start();
  await comeBack(people, 2, false);
  await Promise.all(people.map((one) => one.reaches("sfu many")));
  await allMeet(...people);
  step("the server crashed, and everybody is back");
});
