// A computer changes its network in the middle of a call: the address that its
// packets came from is gone, its sockets are dead. The call goes on by itself,
// as the same member.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until, world } from "../lab/story.mjs";

const id = (person) => person.run(() => globalThis.tutti.localParticipant.id);

/** Moves, with or without a hint to the pages, and waits until all is as before. */
async function move(people, tell, what) {
  const from = new Map(await Promise.all(people.map(async (one) => [one, await one.now()])));
  const members = await Promise.all(people.map(id));
  const before = await Promise.all(people.map(async (one) => (await one.traces("reconnected")).length));
  await world.move();
  await Promise.all(people.map(tell));
  for (const [i, one] of people.entries()) {
    await until(`${one.name}'s signalling is back`, async () => (await one.traces("reconnected")).length > before[i]);
    await until(`${one.name}'s media are back`, () => one.run(() => globalThis.tutti.mediaState === "connected"));
  }
  await allMeet(...people);
  assert.deepEqual(await Promise.all(people.map(id)), members, "they are the same members as before");
  const [ann] = people;
  const { picture, sound } = await ann.gaps("Ben", from.get(ann), await ann.now());
  measured(`network changed, ${what}: longest gap in the picture`, picture.length, "ms");
  measured(`network changed, ${what}: longest gap in the sound`, sound.length, "ms");
  step(`the call goes on from another address; ${what}`);
}

story(async ({ enter }) => {
  const people = [await enter("Ann", { options: { direct: false } }), await enter("Ben", { options: { direct: false } })];
  const [ann, ben] = people;
  for (const one of people) await one.join("stage");
  await allMeet(ann, ben);
  step("they talk through the server");

  // Browsers of phones say when they come by another network.
  await move(people, (one) => one.run(() => window.dispatchEvent(new Event("online"))), "the browser tells");
  await move(people, () => undefined, "the browser does not tell");

  await ann.run(() => globalThis.tutti.sendChat("from elsewhere"));
  await until("the chat goes on", () => ben.run(() => globalThis.tutti.chat.at(-1)?.text === "from elsewhere"));
});
