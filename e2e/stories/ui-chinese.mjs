// A browser that prefers Chinese gets a Chinese page, from door to call, on a
// narrow screen as well; the language can be changed in place.

import assert from "node:assert/strict";
import { step, story, until } from "../lab/story.mjs";
import { press, reads, the, tileSays, walkIn } from "../lab/visitor.mjs";

/** Latin words of the interface in what the page shows; names, units and the product's own name are none. */
function foreign() {
  const text = document.body.innerText.replace(/\b(tutti|Ann|Ben|stage|English|https?|localhost|M|V|H|C|P|Canvas camera|Oscillator|Speaker)\b/g, "");
  return text.match(/[A-Za-z]{3,}/g) ?? [];
}

const fits = (person) => person.run(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth <= clientWidth ? null : `${scrollWidth} px on a screen of ${clientWidth}`;
});

story(async ({ enter }) => {
  const phone = { locale: "zh-CN", viewport: { width: 360, height: 640 }, hasTouch: true };
  const ann = await enter("Ann", { path: "/", context: phone });
  await ann.page.waitForSelector("text=新建房间");
  assert.equal(await ann.run(() => document.documentElement.lang), "zh-Hans");
  assert.deepEqual(await ann.run(foreign), []);
  assert.equal(await fits(ann), null);
  await ann.page.goto(new URL("/r/stage?test", ann.page.url()).href);
  await ann.page.waitForSelector("text=准备好了吗？");
  assert.deepEqual(await ann.run(foreign), []);
  assert.equal(await fits(ann), null);
  step("home and door are Chinese, and fit on 360 pixels");

  await walkIn(ann);
  const ben = await enter("Ben", { path: "/r/stage?test" });
  await walkIn(ben);
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await tileSays(ann, "Ben", { words: "直连：你们的画面直接传给 Ben。" });
  await tileSays(ben, "Ann", { words: "Direct: your pictures go straight to Ann." });
  await press(ann, "people-button");
  await reads(ann, "person", "主持人");
  assert.deepEqual(await ann.run(foreign), []);
  assert.equal(await fits(ann), null);
  step("so is the call, while Ben's page is English");

  const cat = await enter("Cat", { path: "/r/stage" });
  await cat.page.waitForSelector(the("name-input"));
  await cat.page.selectOption(the("language-switch"), "zh");
  await cat.page.waitForSelector("text=准备好了吗？");
  await cat.page.reload();
  await cat.page.waitForSelector("text=准备好了吗？");
  await cat.page.selectOption(the("language-switch"), "en");
  await until("English again", () => cat.run(() => document.documentElement.lang === "en"));
  step("the language can be switched, and is remembered");
});
