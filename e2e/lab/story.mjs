// A story: people come, something happens, they see and hear what they should.

import { openChromium } from "./chromium.mjs";
import { lookBack } from "./stage.mjs";
import { chromiumPaths } from "./world.mjs";

/**
 * Tells a story and ends the process with its outcome. Tell gets enter, which
 * brings a person to a page in Chromium, enterElsewhere, which does so on
 * another machine if there is one, and people, which has all of them.
 */
export async function story(tell) {
  const people = [];
  let code = 0;
  try {
    const [here, elsewhere] = await Promise.all(chromiumPaths.map((path) => openChromium(people, path)));
    await tell({ ...here, enterElsewhere: elsewhere?.enter, people });
  } catch (error) {
    console.log(error.stack);
    await lookBack(people);
    code = 1;
  }
  // Browsers are killed with this process; to close one in order takes seconds.
  process.exit(code);
}

/** Everybody sees and hears everybody else. */
export function allMeet(...people) {
  return Promise.all(people.map((one) => one.meets(...people.filter((p) => p !== one).map((p) => p.name))));
}

export * from "./world.mjs";
