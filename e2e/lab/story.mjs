// A story: people come, something happens, they see and hear what they should.

import { openChromium } from "./chromium.mjs";

/** Tells a story in Chromium and ends the process with its outcome. */
export async function story(tell) {
  const stage = await openChromium();
  try {
    await tell(stage);
  } catch (error) {
    console.log(error.stack);
    await stage.lookBack();
    process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

/** Everybody sees and hears everybody else. */
export function allMeet(...people) {
  return Promise.all(people.map((one) => one.meets(...people.filter((p) => p !== one).map((p) => p.name))));
}

export * from "./world.mjs";
