// How soon one sees those who are there: from one's offer to the first picture.

import { measured, step, story } from "../lab/story.mjs";

const visits = 7;

story(async ({ enter }) => {
  const ann = await enter("Ann", { me: { width: 640, height: 360, rate: 30 } });
  await ann.join("stage");
  const times = [];
  for (let i = 0; i < visits; i++) {
    const ben = await enter("Ben", { options: { direct: false } });
    await ben.join("stage", { camera: false, microphone: false });
    const { first } = await ben.sees("Ann", { since: 0 });
    times.push(Math.round(first - (await ben.run(() => globalThis.offers[0].at))));
    await ben.run(() => globalThis.tutti.disconnect());
    await ben.page.close();
  }
  times.sort((a, b) => a - b);
  step(`${times.join(", ")} ms`);
  measured("offer to first picture in Chromium, best", times[0], "ms");
  measured(`offer to first picture in Chromium, median of ${visits}`, times[(visits - 1) / 2], "ms");
});
