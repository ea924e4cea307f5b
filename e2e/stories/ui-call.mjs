// The first call, as people make it: one makes a room and sends the link, the
// other opens it, a third comes and goes.

import assert from "node:assert/strict";
import { allMeet, step, story, until } from "../lab/story.mjs";
import { press, the, tile, tileSays, turn, walkIn } from "../lab/visitor.mjs";

/** Three real pages are much for two cores. */
const small = { me: { rate: 10 }, context: { viewport: { width: 720, height: 480 } } };

story(async ({ enter }) => {
  const ann = await enter("Ann", { path: "/?test", ...small });
  await ann.page.click(the("make-button"));
  await ann.page.waitForURL("**/r/*");
  // Tests see the library where the address says so.
  await ann.page.goto(`${ann.page.url()}?test`);
  await ann.page.waitForSelector(the("name-input"));
  await ann.sees("Ann");
  step("Ann makes a room, and sees herself before she goes in");
  await walkIn(ann);
  const link = await ann.page.inputValue(the("room-link"));
  step(`the link is ${new URL(link).pathname}`);

  const ben = await enter("Ben", { path: `${new URL(link).pathname}?test`, ...small });
  await walkIn(ben);
  await allMeet(ann, ben);
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await tileSays(ann, "Ben", { path: "p2p", muted: "false", camera: "on", words: "Direct: your pictures go straight to Ben." });
  await tileSays(ben, "Ann", { path: "p2p", words: "Direct: your pictures go straight to Ann." });
  await tileSays(ann, "Ben", { speaking: "true" });
  step("they see and hear each other directly, and the page says so");

  const cat = await enter("Cat", { path: `${new URL(link).pathname}?test`, ...small });
  await walkIn(cat);
  await Promise.all([ann, ben, cat].map((p) => p.reaches("sfu many")));
  await allMeet(ann, ben, cat);
  for (const name of ["Ben", "Cat"]) await tileSays(ann, name, { path: "sfu", words: "Through the server: three people are here." });
  assert.equal(await ann.page.locator(the("tile")).count(), 2);
  step("with Cat all go through the server, and the page says why");

  await turn(ann, "camera-button", false);
  await Promise.all([ben, cat].map((p) => tileSays(p, "Ann", { camera: "off" })));
  await Promise.all([ben, cat].map((p) => p.seesNoMore("Ann")));
  await turn(ann, "camera-button", true);
  await Promise.all([ben, cat].map((p) => p.sees("Ann")));
  await turn(ann, "mic-button", false);
  await tileSays(ben, "Ann", { muted: "true", camera: "on" });
  await ben.hearsNot("Ann");
  await turn(ann, "mic-button", true);
  await ben.hears("Ann");
  step("Ann's camera and microphone go off and on");

  await press(ann, "screen-button");
  await ben.page.waitForSelector(the("screen-tile"));
  await ben.sees("Ann screen");
  await ann.page.waitForSelector(the("banner"));
  await press(ann, "screen-button");
  await until("the screen is gone", async () => (await ben.page.locator(the("screen-tile")).count()) === 0);
  step("Ann shares her screen for a while");

  await press(cat, "leave-button");
  await cat.page.waitForSelector(`${the("over")}[data-code="left"]`);
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await allMeet(ann, ben);
  await tileSays(ann, "Ben", { path: "p2p" });
  assert.equal(await tile(ann, "Cat"), null);
  step("Cat leaves, and the two are direct again");
});
