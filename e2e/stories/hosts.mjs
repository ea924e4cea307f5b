// What a host can do: mute, remove, lock the room, make another host, end it.

import assert from "node:assert/strict";
import { allMeet, step, story, until } from "../lab/story.mjs";

const refused = (person, room) => person.run(
  ([room, name]) => globalThis.tutti.connect("", { room, name }).then(() => "let in", (error) => error.code), [room, person.name],
);
const id = (person) => person.run(() => globalThis.tutti.localParticipant.id);
const asHost = (person, action, ...args) => person.run(([action, args]) => globalThis.tutti[action](...args), [action, args]);

async function mute(host, name, origin) {
  await host.run(([name, origin]) => {
    const them = globalThis.tutti.participants.find((p) => p.name === name);
    return globalThis.tutti.muteTrack(them.track(origin));
  }, [name, origin]);
}

story(async ({ enter }) => {
  const [ann, ben, cat] = [await enter("Ann"), await enter("Ben"), await enter("Cat")];
  await ann.join("stage");
  await ben.join("stage");
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await allMeet(ann, ben);
  assert.equal(await ben.run(() => globalThis.tutti.updateSettings({ locked: true }).then(() => "done", (e) => e.code)), "forbidden");
  step("Ann was first and is the host; Ben is not");

  await mute(ann, "Ben", "microphone");
  await ann.hearsNot("Ben");
  assert.equal(await ben.run(() => globalThis.tutti.localParticipant.isMicrophoneEnabled), false);
  assert.equal((await ben.traces("mutedByHost")).length, 1);
  step("Ann mutes Ben, on the direct path too, and his page knows");
  await ben.run(() => globalThis.tutti.localParticipant.setMicrophoneEnabled(true));
  await ann.hears("Ben");
  await mute(ann, "Ben", "camera");
  await ann.seesNoMore("Ben");
  await ben.run(() => globalThis.tutti.localParticipant.setCameraEnabled(true));
  await ann.sees("Ben");
  step("he can take back the word and the picture");

  await asHost(ann, "updateSettings", { locked: true });
  assert.equal(await refused(cat, "stage"), "locked");
  await asHost(ann, "updateSettings", { locked: false });
  await cat.join("stage");
  await allMeet(ann, ben, cat);
  step("a locked room keeps Cat out, an open one lets her in");

  await mute(ann, "Cat", "microphone");
  await Promise.all([ann.hearsNot("Cat"), ben.hearsNot("Cat")]);
  step("Cat is muted through the server");

  await asHost(ann, "removeParticipant", await id(ben));
  await until("Ben's page says that he was removed", async () => (await ben.traces("disconnected"))[0]?.args[0] === "removed");
  await Promise.all([ann, cat].map((p) => p.seesNoMore("Ben")));
  await until("Ben is off the list", () => cat.run(() => globalThis.tutti.participants.every((p) => p.name !== "Ben")));
  step("Ann removes Ben");

  await asHost(ann, "makeHost", await id(cat));
  await until("Cat is a host", () => cat.run(() => globalThis.tutti.localParticipant.role === "host"));
  await asHost(cat, "endRoom");
  await until("it is over for both", async () =>
    (await Promise.all([ann, cat].map((p) => p.traces("disconnected")))).every((t) => t[0]?.args[0] === "ended"));
  step("Cat, made a host, ends the room");
});
