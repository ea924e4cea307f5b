// A host's controls, on the page: mute, remove, lock the room, end the call.

import { step, story, until } from "../lab/story.mjs";
import { press, reads, the, tileSays, walkIn } from "../lab/visitor.mjs";

/** Answers "are you sure?" */
const sure = (person) => person.page.click("dialog .button-danger");

async function actionsOn(person, name) {
  const row = person.page.locator(the("person"), { hasText: name });
  await row.locator(the("person-actions")).click();
  return row;
}

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann", { path: "/r/stage?test" }), await enter("Ben", { path: "/r/stage?test" })];
  await walkIn(ann);
  await walkIn(ben, { camera: false });
  await ann.hears("Ben");
  await press(ann, "people-button");
  await press(ben, "people-button");
  await until("Ben has no such controls", async () => (await ben.page.locator(the("person-actions")).count()) === 0);

  const row = await actionsOn(ann, "Ben");
  await row.locator(the("host-mute")).click();
  await ann.hearsNot("Ben");
  await tileSays(ann, "Ben", { muted: "true" });
  await reads(ben, "toast", "Ann");
  step("Ann mutes Ben, and his page says who did");

  await ann.page.click('[role="switch"]');
  const cat = await enter("Cat", { path: "/r/stage?test" });
  await cat.page.fill(the("name-input"), "Cat");
  await cat.page.click(the("join-button"));
  await cat.page.waitForSelector(the("refused"));
  step("the room is locked: Cat is told");

  await row.locator(the("host-remove")).click();
  await sure(ann);
  await ben.page.waitForSelector(`${the("over")}[data-code="removed"]`);
  step("Ben is removed, after Ann was asked whether she is sure");

  await ann.page.click('[role="switch"]');
  await until("the room is open", () => ann.run(() => !globalThis.tutti.settings.locked));
  await cat.page.click(the("join-button"));
  await cat.page.waitForSelector(the("self-tile"));
  await ann.page.click(the("end-room"));
  await sure(ann);
  for (const one of [ann, cat]) await one.page.waitForSelector(`${the("over")}[data-code="ended"]`);
  step("Ann ends the call for all");
});
