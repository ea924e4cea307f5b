// A server with a secret lets nobody in without a token, and says what is wrong
// with one. A token's name and rights hold.

import assert from "node:assert/strict";
import { step, story, until, world } from "../lab/story.mjs";

story(async ({ enter }) => {
  const ann = await enter("Ann");
  const refused = (token, room = "stage") => ann.run(
    ([room, token]) => globalThis.tutti.connect("", { room, name: "Ann", token }).then(() => "let in", (error) => error.code),
    [room, token],
  );
  const good = await world.token("--room", "stage", "--name", "Ann of the token", "--identity", "ann");
  assert.equal(await refused(undefined), "token_missing");
  assert.equal(await refused("nonsense"), "token_invalid");
  assert.equal(await refused(good.slice(0, -6) + "AAAAAA"), "token_invalid");
  assert.equal(await refused(await world.expiredToken()), "token_expired");
  assert.equal(await refused(good, "another room"), "token_room");
  assert.equal(await ann.run(() => globalThis.tutti.state), "disconnected");
  step("each wrong token is refused by its own code");

  await ann.join("stage", { token: good });
  const ben = await enter("Ben");
  await ben.join("stage", { token: await world.token("--room", "stage", "--no-publish", "--name", "Ben") , camera: false, microphone: false });
  await ben.meets("Ann");
  assert.equal(await ben.run(() => globalThis.tutti.participants[0].name), "Ann of the token");
  step("a token lets in, and its name is the one that others see");

  const sends = await ben.run(() => globalThis.tutti.localParticipant.setCameraEnabled(true).then(() => "published", (error) => error.code));
  assert.equal(sends, "forbidden");
  step("who may not publish can't");

  const moderates = await ben.run(() => globalThis.tutti.endRoom().then(() => "ended", (error) => error.code));
  assert.equal(moderates, "forbidden");
  const cat = await enter("Cat");
  await cat.join("stage", { token: await world.token("--room", "stage", "--admin", "--name", "Cat"), camera: false, microphone: false });
  await cat.run(() => globalThis.tutti.endRoom());
  await until("the room has ended for all", async () =>
    (await Promise.all([ann, ben, cat].map((p) => p.traces("disconnected")))).every((t) => t.at(-1)?.args[0] === "ended"));
  step("only a token of a host ends the room");
});
