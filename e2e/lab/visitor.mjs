// A person at the real page: it is used as people use it, by what is on it.

import { until } from "./world.mjs";

/** The element that tests call by this name; within another one if given. */
export const the = (id) => `[data-testid="${id}"]`;

/** Goes through the door: name, camera and microphone, join. */
export async function walkIn(person, { camera = true, microphone = true } = {}) {
  await person.page.fill(the("name-input"), person.name);
  // What was on last time, at first both, opens by itself.
  for (const id of ["camera-button", "mic-button"]) await person.page.waitForSelector(`${the(id)}[data-on="true"]`);
  await turn(person, "camera-button", camera);
  await turn(person, "mic-button", microphone);
  await press(person, "join-button");
  await person.page.waitForSelector(the("self-tile"));
  await person.run(() => globalThis.senses.listen());
}

/** Presses a button. The bar hides when nobody moves: the mouse moves first. */
export async function press(person, id) {
  await person.page.mouse.move(500, 300);
  await person.page.mouse.move(510, 320);
  await person.page.click(the(id));
}

/** Brings a switch to where it should be. */
export async function turn(person, id, on) {
  const state = () => person.page.locator(the(id)).getAttribute("data-on");
  if ((await state()) !== String(on)) await press(person, id);
  await until(`${id} is ${on ? "on" : "off"}`, async () => (await state()) === String(on));
}

/** What the tile of a person says: path, muted, camera, and the words of its path. */
export function tile(person, name) {
  return person.run((name) => {
    const { localParticipant, participants } = globalThis.tutti;
    const { id } = [localParticipant, ...participants].find((p) => p.name === name) ?? {};
    const tile = document.querySelector(`.tile[data-member="${id}"]:not([data-testid="screen-tile"])`);
    if (!tile) return null;
    const { path, muted, camera, speaking } = tile.dataset;
    return { path, muted, camera, speaking, words: tile.querySelector('[data-testid="path-badge"]')?.getAttribute("aria-label") ?? "" };
  }, name);
}

/** Waits until the tile of a person says all of this; words may be a part of the sentence. */
export function tileSays(person, name, wanted) {
  return until(`${name}'s tile at ${person.name}'s says ${JSON.stringify(wanted)}`, async () => {
    const found = await tile(person, name);
    const wrong = Object.entries(wanted).filter(([key, value]) => (key === "words" ? !found?.words.includes(value) : found?.[key] !== value));
    if (wrong.length > 0) throw new Error(JSON.stringify(found));
    return true;
  });
}

/** Waits for a text in the elements of this name. */
export function reads(person, id, text) {
  return until(`${person.name} reads "${text}" in ${id}`, async () => {
    const texts = await person.page.locator(the(id)).allInnerTexts();
    if (texts.some((t) => t.includes(text))) return true;
    throw new Error(JSON.stringify(texts));
  });
}
