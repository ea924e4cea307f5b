// Chat, to all and to one, and a file of 5 MB that arrives byte by byte as it
// was; in a direct call and through the server.

import assert from "node:assert/strict";
import { measured, step, story, until } from "../lab/story.mjs";

const size = 5 * 1024 * 1024;

/** Sends a file whose every byte follows from its place, and tells its hash. */
function offer([size, to]) {
  const bytes = new Uint32Array(size / 4);
  let x = 0x9e3779b9;
  for (let i = 0; i < bytes.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  const file = new File([bytes], "好 notes.bin", { type: "application/x-notes" });
  globalThis.tutti.sendFile(file, to);
  return crypto.subtle.digest("SHA-256", bytes).then((hash) => [...new Uint8Array(hash)].join());
}

function listen() {
  globalThis.incoming = [];
  globalThis.tutti.on("fileOffered", (file) => globalThis.incoming.push(file));
}

async function fetchFile() {
  const began = performance.now();
  const file = await globalThis.incoming.at(-1).accept();
  const took = performance.now() - began;
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return { name: file.name, size: file.size, type: file.type, hash: [...new Uint8Array(hash)].join(), took };
}

async function hands(from, to, what, all = [to]) {
  const hash = await from.run(offer, [size, all.length === 1 ? await to.run(() => globalThis.tutti.localParticipant.id) : ""]);
  for (const one of all) {
    await until(`${one.name} is offered the file`, () => one.run(() => globalThis.incoming.at(-1)?.state === "offered"));
    const { took, ...got } = await one.run(fetchFile);
    assert.deepEqual(got, { name: "好 notes.bin", size, type: "application/x-notes", hash });
    measured(`5 MB file, ${what}`, took / 1000, "s");
  }
  step(`${what}: the file has arrived as it was`);
}

story(async ({ enter }) => {
  const people = [await enter("Ann"), await enter("Ben"), await enter("Cat", { options: { direct: false } })];
  const [ann, ben, cat] = people;
  await ann.join("stage");
  await ben.join("stage");
  await Promise.all([ann, ben].map((p) => p.run(listen)));
  await Promise.all([ann.reaches("p2p two"), ben.reaches("p2p two")]);
  await hands(ann, ben, "in a direct call");

  await cat.join("stage", { camera: false });
  await cat.run(listen);
  await until("Cat's page has joined its data channels", () => cat.run(() => globalThis.tutti.mediaState === "connected"));
  await ann.run(() => globalThis.tutti.sendChat("Good evening! 晚上好 👋"));
  for (const one of people) {
    const line = await until(`${one.name} reads it`, () => one.run(() => globalThis.tutti.chat.find((l) => l.text.startsWith("Good"))));
    assert.equal(line.text, "Good evening! 晚上好 👋");
    assert.equal(line.name, "Ann");
  }
  await ben.run(([to]) => globalThis.tutti.sendChat("for Ann alone", to), [await ann.run(() => globalThis.tutti.localParticipant.id)]);
  await until("Ann reads the private line", () => ann.run(() => globalThis.tutti.chat.at(-1)?.text === "for Ann alone"));
  await ben.run(() => globalThis.tutti.sendChat("for all"));
  await until("Cat reads the next line", () => cat.run(() => globalThis.tutti.chat.at(-1)?.text === "for all"));
  assert.equal(await cat.run(() => globalThis.tutti.chat.some((l) => l.text === "for Ann alone")), false);
  step("chat reaches all, and a private line only one");

  await hands(ben, ann, "through the server, to two", [ann, cat]);
});
