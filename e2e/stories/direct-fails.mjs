// A direct connection that dies takes nobody's call away: it goes to the server
// by itself, and the page says why.

import assert from "node:assert/strict";
import { allMeet, measured, step, story } from "../lab/story.mjs";

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann"), await enter("Ben")];
  await ann.join("stage");
  await ben.join("stage");
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await allMeet(ann, ben);
  step("they are direct");

  const from = await ben.now();
  // The second connection is the direct one. Nothing tells Ben's end that no
  // media come by it any more.
  await ann.run(() => {
    for (const sender of globalThis.connections[1].getSenders()) void sender.replaceTrack(null);
  });
  await ben.reaches("sfu direct_poor", 20_000);
  await allMeet(ann, ben);
  const { picture, blanks } = await ben.gaps("Ann", from, await ben.now());
  measured("direct connection stalls: longest gap in the picture", picture.length, "ms");
  assert.deepEqual(blanks, [], "the last picture stays until the next comes");
  step("the direct connection went silent, and the server took over");
});
