// Chat, a file and a recording, by the page's own buttons.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { decodes } from "../lab/media.mjs";
import { allMeet, step, story, until } from "../lab/story.mjs";
import { press, reads, the, walkIn } from "../lab/visitor.mjs";

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann", { path: "/r/stage?test" }), await enter("Ben", { path: "/r/stage?test" })];
  await walkIn(ann);
  await walkIn(ben);
  await allMeet(ann, ben);

  await press(ann, "chat-button");
  await ann.page.fill(the("chat-input"), "Good evening! 晚上好");
  await ann.page.click(the("chat-send"));
  await reads(ann, "chat-line", "Good evening! 晚上好");
  await reads(ben, "chat-button", "1");
  await press(ben, "chat-button");
  await reads(ben, "chat-line", "Good evening! 晚上好");
  await ben.page.fill(the("chat-input"), "m");
  await ben.page.keyboard.press("Enter");
  await reads(ann, "chat-line", "m");
  assert.equal(await ben.run(() => globalThis.tutti.localParticipant.isMicrophoneEnabled), true, "typing is no shortcut");
  step("Ann writes, Ben's page counts it; he answers");

  const bytes = randomBytes(5 * 1024 * 1024);
  await ann.page.setInputFiles(the("file-input"), { name: "乐谱.pdf", mimeType: "application/pdf", buffer: bytes });
  await reads(ben, "file", "乐谱.pdf");
  const coming = ben.page.waitForEvent("download");
  await ben.page.click(the("file-download"));
  const download = await coming;
  assert.equal(download.suggestedFilename(), "乐谱.pdf");
  assert.equal(hash(readFileSync(await download.path())), hash(bytes), "the file arrives byte by byte as it was");
  await ben.page.waitForSelector(`${the("file")}[data-state="done"]`);
  step("a file of 5 MB has come as it was");

  await press(ann, "record-button");
  await ann.page.click(the("record-start"));
  await until("some seconds are recorded", async () => /0:(0[3-9]|[1-5]\d)/.test(await ann.page.innerText(the("record-button"))));
  const saved = ann.page.waitForEvent("download");
  await press(ann, "record-button");
  const recording = await saved;
  assert.match(recording.suggestedFilename(), /^stage .*\.(webm|mp4)$/);
  decodes(readFileSync(await recording.path()));
  step("a recording was saved, and its pictures and sound can be decoded");
});
