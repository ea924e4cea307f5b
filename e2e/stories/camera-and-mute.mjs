// Cameras go off and on again, microphones are muted, a screen is shared: in a
// direct call, and through the server.

import assert from "node:assert/strict";
import { allMeet, step, story, until } from "../lab/story.mjs";

const camera = (on) => globalThis.tutti.localParticipant.setCameraEnabled(on);
const microphone = (on) => globalThis.tutti.localParticipant.setMicrophoneEnabled(on);
const screen = (on) => globalThis.tutti.localParticipant.setScreenShareEnabled(on);

async function scene(way, ann, ben) {
  await allMeet(ann, ben);

  await ann.run(camera, false);
  await ben.seesNoMore("Ann");
  assert.equal(await ann.run(() => globalThis.opened.filter((o) => o.track.kind === "video" && o.track.readyState === "live").length), 0,
    "the camera of someone who turned it off is released");
  await ben.hears("Ann");
  step(`${way}: Ann's camera is off, and she is still heard`);

  await ann.run(camera, true);
  await ben.sees("Ann");
  step(`${way}: it is on again`);

  await ann.run(microphone, false);
  await ben.hearsNot("Ann");
  await ben.sees("Ann");
  await ann.hears("Ben");
  step(`${way}: Ann is mute, and still seen`);
  await ann.run(microphone, true);
  await ben.hears("Ann");
  step(`${way}: she speaks again`);

  await ann.run(screen, true);
  await ben.sees("Ann screen");
  await ben.sees("Ann");
  step(`${way}: Ben sees Ann's screen beside her camera`);
  await ann.run(screen, false);
  await until("the shared screen is gone", () => ben.run(() => globalThis.tutti.participants[0].track("screen") === undefined));
  assert.equal(await ben.run(() => document.querySelectorAll("video").length), 1);
  step(`${way}: the screen is gone`);
}

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann"), await enter("Ben")];
  await ann.join("stage");
  await ben.join("stage");
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await scene("directly", ann, ben);
  assert.equal(await ben.path(), "p2p two", "none of this is a reason to leave the direct path");

  await ann.run(() => globalThis.tutti.setPath("sfu"));
  await Promise.all([ann.reaches("sfu wish"), ben.reaches("sfu wish")]);
  await scene("through the server", ann, ben);
});
