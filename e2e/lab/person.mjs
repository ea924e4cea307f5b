// A person at a browser: what it does there, and what it sees and hears. It
// asks the page's senses (browser/senses.js), never the library, for the latter.

import assert from "node:assert/strict";
import { until } from "./world.mjs";

/** How far a channel may be off the sender's colour after encoding. */
const colourTolerance = 45;

export class Person {
  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.said = [];
  }

  /** Runs a function in the page, with one argument. */
  run(action, arg) {
    return this.page.evaluate(action, arg);
  }

  now() {
    return this.run(() => performance.now());
  }

  /** Joins a room on the bare page, with camera and microphone unless told otherwise. */
  async join(room, { camera = true, microphone = true, token, viewer = false } = {}) {
    await this.run(async ({ room, name, camera, microphone, token, viewer }) => {
      const { localParticipant } = globalThis.tutti;
      if (camera) await localParticipant.setCameraEnabled(true);
      if (microphone) await localParticipant.setMicrophoneEnabled(true);
      await globalThis.tutti.connect("", { room, name, token, viewer });
    }, { room, name: this.name, camera, microphone, token, viewer });
    await this.run(() => globalThis.senses.listen());
  }

  /** Waits until a source's picture is there, alive and in its colour: 5 new ones from now on. */
  async sees(source, { since, within, width } = {}) {
    const from = since ?? (await this.now());
    const seen = await until(`${this.name} sees ${source}`, async () => {
      const seen = await this.seen(source, from);
      return seen.count >= 5 && (width === undefined || width(seen.width)) ? seen : null;
    }, within);
    assert.ok(seen.off <= colourTolerance, `${source}'s colour is off by ${seen.off} at ${this.name}'s`);
    return seen;
  }

  /** Waits until the program shows these people in these places; see senses.divide. */
  async seats(places, names, within) {
    await this.run((places) => globalThis.senses.divide(places), places);
    await until(`${this.name} sees ${names} in the program`, async () => {
      const there = await this.run(() => globalThis.senses.seated());
      if (there.join() === names.join()) return true;
      throw new Error(`there are ${JSON.stringify(there)}`);
    }, within);
  }

  seen(source, from) {
    return this.run(([source, from]) => globalThis.senses.seen(source, from), [source, from]);
  }

  /** Waits until no new picture of a source has come for half a second. */
  async seesNoMore(source, within) {
    await until(`${this.name} sees ${source} no more`, async () => {
      const { last } = await this.seen(source, 0);
      return last === null || (await this.now()) - last > 500;
    }, within);
  }

  /** Waits until a person's tone is in 95 % of what is heard for 300 ms. */
  async hears(name, within) {
    await until(`${this.name} hears ${name}`, async () => {
      const { share, windows } = await this.heard(name);
      return windows >= 10 && share > 0.95;
    }, within);
  }

  /** Waits until nothing of a person's tone is heard for 300 ms. */
  async hearsNot(name, within) {
    await until(`${this.name} does not hear ${name}`, async () => {
      const { share, windows } = await this.heard(name);
      return windows >= 10 && share === 0;
    }, within);
  }

  heard(name) {
    return this.run((name) => globalThis.senses.heard(name, performance.now() - 300), name);
  }

  /** Sees and hears all of them. */
  async meets(...names) {
    await Promise.all(names.flatMap((name) => [this.sees(name), this.hears(name)]));
  }

  /** The longest gaps of a person's picture and sound in a span of time of this page. */
  gaps(name, from, to) {
    return this.run(([name, from, to]) => globalThis.senses.gaps(name, from, to), [name, from, to]);
  }

  /** One's own path and its reason. */
  path() {
    return this.run(() => {
      const { path, reason } = globalThis.tutti.localParticipant;
      return `${path} ${reason}`;
    });
  }

  /** Waits for a path and reason, such as "p2p two", by which all pictures and sounds then come. */
  async reaches(path, within) {
    await until(`${this.name} is on ${path}`, async () => {
      const state = await this.run(() => {
        const { localParticipant, participants } = globalThis.tutti;
        const tracks = participants.flatMap((p) => p.tracks).filter((t) => !t.muted);
        return { path: `${localParticipant.path} ${localParticipant.reason}`, tracks: tracks.map((t) => t.path) };
      });
      const [kind] = path.split(" ");
      if (state.path === path && state.tracks.every((p) => p === kind)) return true;
      throw new Error(JSON.stringify(state));
    }, within);
  }

  /** Waits until the path is this one, and all that is shown and heard comes by it. */
  async goesBy(path, within) {
    await until(`${this.name} is on ${path}`, async () => {
      const { own, shown } = await this.run(() => {
        const { localParticipant, participants, program } = globalThis.tutti;
        const mixed = [program.video, program.audio].map((t) => t.path);
        const apart = participants.flatMap((p) => p.tracks).filter((t) => !t.muted).map((t) => t.path);
        return { own: localParticipant.path, shown: mixed.includes("mcu") ? mixed : apart };
      });
      if (own === path && shown.every((p) => p === path)) return true;
      throw new Error(JSON.stringify({ own, shown }));
    }, within);
  }

  /** What the bare page noted of one kind. */
  traces(event) {
    return this.run((event) => globalThis.lab.traces.filter((t) => t.event === event), event);
  }

  /** What helps to understand a story that failed. */
  async lookBack() {
    const inside = await this.run(() => ({
      url: location.href,
      state: globalThis.tutti?.state,
      media: globalThis.tutti?.mediaState,
      path: globalThis.tutti && `${globalThis.tutti.localParticipant.path} ${globalThis.tutti.localParticipant.reason}`,
      tracks: globalThis.tutti?.participants.flatMap((p) => p.tracks.map((t) => `${p.name} ${t.origin} ${t.path} ${t.status} ${t.muted ? "muted" : ""}`)),
      senses: globalThis.senses?.debug(),
      traces: globalThis.lab?.traces.slice(-60).map((t) => JSON.stringify(t)),
      text: globalThis.lab ? undefined : document.body.innerText.slice(0, 2000),
    }));
    return JSON.stringify(inside, null, 1);
  }
}
