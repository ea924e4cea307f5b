// No way leads to the server but its own relay, over TCP. Two people who are
// in such a network meet all the same; who is not never asks the relay.

import assert from "node:assert/strict";
import { allMeet, measured, step, story, until, world } from "../lab/story.mjs";

/** Takes the server's own TCP candidates away, as a firewall does that looks inside. */
function onlyRelay() {
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: sdp.replace(/a=candidate:\S+ \d+ tcp .*\r\n/gi, "") });
  };
}

const over = (person) => person.run(() => globalThis.tutti.connection?.kind);

story(async ({ enter }) => {
  const cat = await enter("Cat", { options: { direct: false } });
  await cat.join("stage");
  await until("Cat's connection is known", async () => (await over(cat)) === "udp");
  assert.equal(await world.metric("tutti_turn_opened_total"), 0);
  step("Cat comes by UDP and needs no relay");

  await world.blockUDP();
  const [ann, ben] = [await enter("Ann", { options: { direct: false } }), await enter("Ben", { options: { direct: false } })];
  for (const one of [ann, ben]) {
    await one.run(onlyRelay);
    await one.join("hall");
  }
  const from = Date.now();
  await allMeet(ann, ben);
  measured("only the relay gets through: until two see and hear each other", Date.now() - from, "ms");
  for (const one of [ann, ben]) await until(`${one.name}'s way is known`, async () => (await over(one)) === "turn-tcp");
  await until("the server has counted them", async () => (await world.metric("tutti_selected_candidates_total", 'type="relay"', 'protocol="tcp"')) >= 2);
  step("Ann and Ben meet through the server's relay, over TCP");
});
