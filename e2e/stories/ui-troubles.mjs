// What can go wrong is said in words: no camera, a server that is away.

import assert from "node:assert/strict";
import { step, story, until, world } from "../lab/story.mjs";
import { press, reads, the, turn, walkIn } from "../lab/visitor.mjs";

story(async ({ enter }) => {
  const ann = await enter("Ann", { path: "/r/stage?test", me: { refuses: true } });
  await ann.page.waitForSelector(the("camera-fault"));
  await ann.page.waitForSelector(the("microphone-fault"));
  await ann.page.fill(the("name-input"), "Ann");
  await press(ann, "join-button");
  await ann.page.waitForSelector(the("self-tile"));
  await ann.run(() => globalThis.senses.listen());
  step("Ann's browser refuses camera and microphone; she is told, and joins without");

  const ben = await enter("Ben", { path: "/r/stage?test" });
  await walkIn(ben);
  await ann.meets("Ben");
  step("she sees and hears Ben");

  await world.shut();
  await reads(ann, "banner", "second");
  await ann.meets("Ben");
  step("signalling is away: a banner says so, and the call goes on");
  await world.open();
  await until("the banner goes", async () => (await ann.page.locator(the("banner")).count()) === 0);

  await world.stop();
  await ann.page.waitForSelector(the("banner"));
  await world.start();
  await until("the banner goes", async () => (await ann.page.locator(the("banner")).count()) === 0);
  await ann.meets("Ben");
  await turn(ben, "mic-button", false);
  await ann.hearsNot("Ben");
  assert.equal(await ann.run(() => globalThis.tutti.participants.length), 1);
  step("the server was restarted, and all is as before");
});
