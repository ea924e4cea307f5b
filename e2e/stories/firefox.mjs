// Firefox and Chromium see and hear each other, directly and through the
// server, in small and in large, and after a microphone was off.

import assert from "node:assert/strict";
import { openFirefox } from "../lab/firefox.mjs";
import { allMeet, step, story } from "../lab/story.mjs";

story(async ({ enter, people }) => {
  const firefox = await openFirefox(people);
  const ann = await enter("Ann", { options: { direct: false } });
  const ben = await firefox.enter("Ben", { me: { width: 640, height: 360, rate: 10 }, options: { direct: false } });
  await ann.join("stage");
  await ben.join("stage");
  await allMeet(ann, ben);
  assert.match(await ben.path(), /^sfu/);
  step("Ben in Firefox and Ann in Chromium meet through the server");

  const show = (width, height) => ann.run(([w, h]) => globalThis.lab.show("Ben", "camera", w, h), [width, height]);
  await show(640, 360);
  await ann.sees("Ben", { width: (w) => w === 640 });
  await show(160, 90);
  await ann.sees("Ben", { width: (w) => w < 640 });
  step("Firefox sends several sizes, and the one that fits is shown");

  await ben.run(() => globalThis.tutti.localParticipant.setMicrophoneEnabled(false));
  await ann.hearsNot("Ben");
  await ben.run(() => globalThis.tutti.localParticipant.setMicrophoneEnabled(true));
  await ann.hears("Ben");
  await ann.run(() => globalThis.tutti.sendChat("from Chromium"));
  await ben.run(() => globalThis.tutti.sendChat("from Firefox"));
  for (const one of [ann, ben]) {
    assert.ok(await one.page.waitForFunction(() => globalThis.tutti.chat.length === 2));
  }
  step("mute and chat work across browsers");

  for (const one of [ann, ben]) await one.run(() => globalThis.tutti.disconnect());
  for (const one of [ann, ben]) {
    await one.run(() => location.replace("/e2e/"));
    await one.page.waitForFunction(() => globalThis.lab && !location.search);
  }
  await ann.join("another");
  await ben.join("another");
  await Promise.all([ann, ben].map((p) => p.reaches("p2p two")));
  await allMeet(ann, ben);
  step("and directly");
});
