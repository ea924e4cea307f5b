// A camera is sent in three sizes; the server picks the one that fits how large
// it is shown, and nothing is sent of what nobody shows.

import { step, story, until } from "../lab/story.mjs";

story(async ({ enter }) => {
  // Chromium sends three sizes of this, and not much of it, for machines are slow.
  const ann = await enter("Ann", { me: { width: 960, height: 540, rate: 10 } });
  const ben = await enter("Ben", { options: { direct: false } });
  const cat = await enter("Cat", { options: { direct: false } });
  await ann.join("stage");
  await Promise.all([ben.join("stage", { camera: false }), cat.join("stage", { camera: false, microphone: false })]);

  const show = (width, height) => ben.run(([width, height]) => globalThis.lab.show("Ann", "camera", width, height), [width, height]);

  await show(240, 135);
  await cat.run(() => globalThis.lab.show("Ann", "camera", 960, 540));
  await ben.sees("Ann", { width: (w) => w === 240 });
  await cat.sees("Ann", { width: (w) => w === 960 });
  step("a small tile gets the small picture, a large one the large");

  await show(960, 540);
  await ben.sees("Ann", { width: (w) => w === 960 });
  step("the tile grows, and so does its picture");

  await show(480, 270);
  await ben.sees("Ann", { width: (w) => w === 480 });
  step("half size, half the picture");

  await show(0, 0);
  await ben.seesNoMore("Ann");
  step("not shown, nothing comes");
  await cat.run(() => globalThis.lab.show("Ann", "camera", 240, 135));
  await cat.sees("Ann", { width: (w) => w === 240 });
  await until("Ann sends the small picture alone", async () => (await sending(ann)).join() === "q");
  step("Ann sends nothing larger than anybody shows");

  await show(960, 540);
  await ben.sees("Ann", { width: (w) => w === 960 });
  step("what was stopped starts again");
});

/** The rids of the camera that the browser sends, by its own counters. */
async function sending(person) {
  const sent = () => person.run(async () => {
    const counts = {};
    for (const connection of globalThis.connections) {
      for (const s of (await connection.getStats()).values()) {
        if (s.type === "outbound-rtp" && s.rid) counts[s.rid] = s.framesSent ?? 0;
      }
    }
    return counts;
  });
  const before = await sent();
  await new Promise((resolve) => setTimeout(resolve, 700));
  const after = await sent();
  return Object.keys(after).filter((rid) => after[rid] > (before[rid] ?? 0));
}
