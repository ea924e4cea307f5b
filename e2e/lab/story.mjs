// A story: people come, something happens, they see and hear what they should.

import { openChromium } from "./chromium.mjs";

/** Tells a story in Chromium and ends the process with its outcome. */
export async function story(tell) {
  const stage = await openChromium();
  let code = 0;
  try {
    await tell(stage);
  } catch (error) {
    console.log(error.stack);
    await stage.lookBack();
    code = 1;
  }
  // The browser is killed with this process; closing it in order takes seconds.
  process.exit(code);
}

/** Everybody sees and hears everybody else. */
export function allMeet(...people) {
  return Promise.all(people.map((one) => one.meets(...people.filter((p) => p !== one).map((p) => p.name))));
}

export * from "./world.mjs";
