// A server with a secret: the page says what is wrong with an invitation, and a
// link with a good one lets in by the name that it gives.

import assert from "node:assert/strict";
import { step, story, world } from "../lab/story.mjs";
import { press, the } from "../lab/visitor.mjs";

async function knock(person) {
  await person.page.fill(the("name-input"), "Ann");
  await person.page.click(the("join-button"));
  await person.page.waitForSelector(the("refused"));
  return person.page.innerText(the("refused"));
}

story(async ({ enter }) => {
  const ann = await enter("Ann", { path: "/r/stage?test" });
  const without = await knock(ann);
  await ann.page.goto(new URL("/r/stage?test&x#token=nonsense", ann.page.url()).href);
  const wrong = await knock(ann);
  assert.notEqual(without, wrong, "what is missing and what is wrong are two things");
  step(`the page says: ${without.replace(/\s+/g, " ")} / ${wrong.replace(/\s+/g, " ")}`);

  const link = await world.token("--room", "stage", "--name", "Ann of the token", "--link", new URL("/", ann.page.url()).href);
  const url = new URL(link);
  url.search = "?test";
  await ann.page.goto("about:blank");
  await ann.page.goto(url.href);
  assert.equal(await ann.page.inputValue(the("name-input")), "Ann of the token");
  await press(ann, "join-button");
  await ann.page.waitForSelector(the("self-tile"));
  assert.equal(await ann.run(() => globalThis.tutti.localParticipant.name), "Ann of the token");
  step("a link with a token lets in");
});
