// Two people in networks of their own call each other on the real page. What
// lies between them decides by which way their pictures go; E2E_WAYS says which.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { allMeet, measured, step, story, until } from "../../lab/story.mjs";
import { walkIn } from "../../lab/visitor.mjs";

/** Milliseconds from the second one's offer until both see each other. */
const limit = 5000;
const ways = JSON.parse(process.env.E2E_WAYS);
// The page is the server's own, without a front: what it lacks is brought along.
const ears = `data:text/javascript,${encodeURIComponent(readFileSync(new URL("../../page/public/ears.js", import.meta.url), "utf8"))}`;
const small = { me: { rate: 10, ears }, context: { viewport: { width: 720, height: 480 }, bypassCSP: true } };
const path = "/r/apart?test";

/** The own candidate that a person's connection of this path uses, in words. */
const candidate = (person, path) =>
  person.run(async (path) => (await globalThis.tutti.getStats()).connections.find((c) => c.path === path)?.local, path);

/** A time of a person's page, as of the machine. */
const clock = (person, time) => person.run((time) => performance.timeOrigin + time, time);

story(async ({ enter, enterElsewhere }) => {
  const ann = await enter("Ann", { path, ...small });
  const ben = await enterElsewhere("Ben", { path, ...small });
  await walkIn(ann);
  await until("Ann's media come through", () => ann.run(() => globalThis.tutti.mediaState === "connected"));
  await walkIn(ben);
  const began = await clock(ben, await ben.run(() => globalThis.offers[0].at));
  const firsts = [[ann, "Ben"], [ben, "Ann"]].map(async ([who, whom]) => clock(who, (await who.sees(whom, { since: 0 })).first));
  const took = Math.round(Math.max(...(await Promise.all(firsts))) - began);
  measured("both see each other", took, "ms");
  assert.ok(took < limit, `they see each other after ${took} ms`);
  await allMeet(ann, ben);
  for (const [who, way] of [[ann, ways.ann], [ben, ways.ben]]) {
    assert.match(await candidate(who, "sfu"), new RegExp(way), `${who.name}'s way to the server`);
  }
  step("they see and hear each other through the server");
  if (!ways.direct) return;

  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  measured("both receive directly", Math.round(Date.now() - began), "ms");
  await allMeet(ann, ben);
  for (const who of [ann, ben]) assert.doesNotMatch(await candidate(who, "p2p"), /relay/, "a direct connection is never relayed");
  step("they see and hear each other directly");
});
