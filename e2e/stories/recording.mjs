// A recording made in the browser plays back: the people's pictures and tones
// are in it, for as long as it took.

import assert from "node:assert/strict";
import { decodes } from "../lab/media.mjs";
import { allMeet, step, story, until } from "../lab/story.mjs";

story(async ({ enter }) => {
  const [ann, ben] = [await enter("Ann"), await enter("Ben")];
  await ann.join("stage");
  await ben.join("stage");
  await allMeet(ann, ben);
  for (const source of ["room", "self"]) {
    const before = await ann.run(async (source) => {
      globalThis.recorder = new globalThis.lab.Recorder(globalThis.tutti, source);
      await globalThis.recorder.start();
      return globalThis.recorder.state;
    }, source);
    assert.equal(before, "recording");
    await until("four seconds are recorded", () => ann.run(() => globalThis.recorder.duration > 4000));
    const { name, type, duration, base64 } = await ann.run(async () => {
      const { blob, name, duration } = await globalThis.recorder.stop();
      const base64 = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(";base64,") + 8));
        reader.readAsDataURL(blob);
      });
      globalThis.recorded = blob;
      return { name, type: blob.type, duration, base64 };
    });
    step(`${name}: ${type}, ${duration} ms`);
    assert.match(name, /^stage \d{4}-\d\d-\d\d .*\.(mp4|webm)$/);
    const played = await ann.run(play);
    assert.ok(played.duration > 3 && played.duration < duration / 1000 + 2, `it plays for ${played.duration} s`);
    assert.ok(played.frames >= 5, `${played.frames} pictures were shown`);
    const wanted = source === "room" ? ["Ann", "Ben"] : ["Ann"];
    for (const name of wanted) assert.ok(played.colours.includes(name), `${name} is in the picture (${played.colours})`);
    assert.deepEqual(played.tones, wanted, "who is heard in it");
    step("it plays in the browser, with those who belong in it");
    decodes(Buffer.from(base64, "base64"));
    step("another program decodes it");
  }
});

/** Plays what was recorded and tells how long it is, and who is seen and heard in it. */
async function play() {
  const { cast } = globalThis;
  const video = document.createElement("video");
  video.src = URL.createObjectURL(globalThis.recorded);
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error?.message ?? "the recording can't be played"));
  });
  const canvas = new OffscreenCanvas(320, 180);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const colours = new Set();
  let frames = 0;
  const look = () => {
    frames++;
    context.drawImage(video, 0, 0, 320, 180);
    const { data } = context.getImageData(0, 0, 320, 180);
    for (const name of cast.names) {
      const wanted = cast.people[name].colour;
      let near = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (wanted.every((c, j) => Math.abs(c - data[i + j]) < 40)) near++;
      }
      if (near > 1000) colours.add(name);
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);

  const audio = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(audio, { fftSize: 4096, smoothingTimeConstant: 0 });
  audio.createMediaElementSource(video).connect(analyser);
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  const tones = new Set();
  const listen = setInterval(() => {
    analyser.getFloatFrequencyData(spectrum);
    for (const name of cast.names) {
      const level = spectrum[Math.round((cast.people[name].tone * 4096) / 48000)];
      if (level > -45) tones.add(name);
    }
  }, 50);
  await video.play();
  await new Promise((resolve) => (video.onended = resolve));
  clearInterval(listen);
  await audio.close();
  return { duration: video.currentTime, frames, colours: [...colours].sort(), tones: [...tones].sort() };
}
