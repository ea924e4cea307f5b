// A network lets no UDP out. The call comes to be over TCP; and one that began
// over UDP goes on over TCP when UDP is blocked in its middle.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until, world } from "../lab/story.mjs";

const protocol = (person) => person.run(async () => (await globalThis.tutti.getStats()).connections.find((c) => c.path === "sfu")?.local);

story(async ({ enter }) => {
  await world.blockUDP();
  const [ann, ben] = [await enter("Ann", { options: { direct: false } }), await enter("Ben", { options: { direct: false } })];
  await ann.join("stage");
  await ben.join("stage");
  await allMeet(ann, ben);
  for (const one of [ann, ben]) assert.match(await protocol(one), /tcp/);
  step("without UDP they talk over TCP");
  await ann.run(() => globalThis.tutti.disconnect());
  await world.openUDP();

  await ann.join("stage");
  await allMeet(ann, ben);
  assert.match(await protocol(ann), /udp/);
  step("with UDP Ann comes by UDP");
  const from = await ann.now();
  await world.blockUDP();
  await until("Ann's connection is by TCP", async () => /tcp/.test(await protocol(ann)), 40_000);
  await allMeet(ann, ben);
  const { picture } = await ann.gaps("Ben", from, await ann.now());
  measured("UDP blocked in a call: longest gap in the picture", picture.length, "ms");
  step("UDP was blocked, and the call goes on over TCP");
});
