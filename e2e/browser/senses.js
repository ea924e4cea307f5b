// Eyes and ears of a page: what its media elements show and play, told from
// outside of the code that feeds them. Nothing here asks the library.

(() => {
  const { cast } = globalThis;
  /** Milliseconds of observations that are kept. */
  const memory = 60_000;
  const started = performance.now();

  const elements = new Set();
  globalThis.connections = [];
  globalThis.offers = [];

  function property(prototype, name, after) {
    const original = Object.getOwnPropertyDescriptor(prototype, name);
    Object.defineProperty(prototype, name, {
      ...original,
      set(value) {
        original.set.call(this, value);
        after(this);
      },
    });
  }

  function notice(element) {
    if (!elements.has(element)) {
      elements.add(element);
      if (element instanceof HTMLVideoElement) watch(element);
    }
    ears?.sync();
  }

  property(HTMLMediaElement.prototype, "srcObject", notice);
  property(HTMLMediaElement.prototype, "muted", notice);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function (...args) {
    notice(this);
    return play.apply(this, args);
  };

  // Every connection is known, so that a story can break one, and when each
  // first offer was made.
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      globalThis.connections.push(this);
    }
    async setLocalDescription(...args) {
      await super.setLocalDescription(...args);
      globalThis.offers.push({ at: performance.now(), type: this.localDescription?.type });
    }
  };

  // Eyes.

  /** Small enough to read often; each block of the picture is 8 × 8 of its pixels. */
  const canvas = new OffscreenCanvas(64, 32);
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  /** Each new picture: { at, source, number, width, element }. */
  let pictures = [];
  /** Each time an element that had a picture had none, or a black one. */
  let blanks = [];
  let garbled = 0;
  const shown = new WeakMap();
  let elementIds = 0;

  /** How far a channel may be off a colour where it is not known that somebody is. */
  const somebody = 64;

  /** Where people may be in the program's picture: x, y, width and height as parts of it. */
  let places = [];

  /**
   * Reads what an element shows now, or a place in it: a picture's bits and colour, "black", "empty" or null.
   */
  function read(element, [x, y, w, h] = [0, 0, 1, 1]) {
    // A colour that nobody has shows where nothing was drawn.
    context.fillStyle = "#ff00ff";
    context.fillRect(0, 0, 64, 32);
    const { videoWidth, videoHeight } = element;
    context.drawImage(element, x * videoWidth, y * videoHeight, w * videoWidth, h * videoHeight, 0, 0, 64, 32);
    const { data } = context.getImageData(0, 0, 64, 32);
    const at = (x, y) => 4 * (y * 64 + x);
    const pixel = (x, y) => [data[at(x, y)], data[at(x, y) + 1], data[at(x, y) + 2]];
    const pixels = [[4, 4], [32, 4], [60, 4], [12, 12], [52, 20], [28, 28]].map(([x, y]) => pixel(x, y));
    if (pixels.every(([r, g, b]) => r > 240 && g < 15 && b > 240)) return "empty";
    if (pixels.every((p) => Math.max(...p) < 24)) return "black";
    let bits = 0;
    for (let i = 0; i < 24; i++) {
      const [r, g, b] = pixel((i % 8) * 8 + 4, Math.floor(i / 8) * 8 + 4);
      bits = (bits << 1) | (r + g + b > 3 * 128 ? 1 : 0);
    }
    const found = cast.decode(bits >>> 0);
    if (!found) return null;
    const wanted = cast.colourOf(found.source);
    const colour = pixel(52, 28);
    const off = Math.max(...colour.map((c, i) => Math.abs(c - wanted[i])));
    const white = colour.every((c) => c > 200);
    return { ...found, off, white };
  }

  function watch(element) {
    const state = { id: ++elementIds, source: null };
    shown.set(element, state);
    const look = (_, { presentationTime: at }) => {
      element.requestVideoFrameCallback(look);
      if ("covered" in element.dataset) return; // by another
      const note = (what, place) => pictures.push({ at, ...what, width: element.videoWidth, element: state.id, place });
      const what = read(element);
      if ("program" in element.dataset) {
        // One alone is in it as a whole, others each in a place.
        [[what, null], ...places.map((place, i) => [read(element, place), i])]
          .filter(([there]) => there?.source && (there.white || there.off < somebody)).forEach(([there, i]) => note(there, i));
      } else if (what === null) garbled++;
      else if (typeof what !== "string") {
        state.source = what.source;
        note(what, null);
      }
    };
    element.requestVideoFrameCallback(look);
    // An element that is put to another use, or out of the page, starts anew.
    element.addEventListener("emptied", () => element.srcObject === null && (state.source = null));
  }

  setInterval(() => {
    const now = performance.now();
    for (const element of elements) {
      const state = shown.get(element);
      if (!state?.source || !element.srcObject || !element.isConnected || "covered" in element.dataset) continue;
      const what = read(element);
      if (what === "black" || what === "empty") blanks.push({ at: now, what, source: state.source });
    }
    pictures = pictures.filter(({ at }) => at > now - memory);
  }, 50);

  // Ears: the sum of all that plays.

  /** The sum of both ends' tones is about 0.2; what is left of one that stopped is far below. */
  const threshold = 0.03;
  /** Levels by window: { at, levels }, at is the window's end by the page's clock. */
  let heard = [];
  let ears = null;

  class Ears {
    constructor() {
      this.context = new AudioContext({ sampleRate: 48000 });
      this.inputs = new Map();
      /** The page's clock less the context's in milliseconds, as seen lately. */
      this.apart = [];
    }

    async start() {
      // Of the page's own site, as the server's Content-Security-Policy wants it;
      // where no front of ours serves it, the story brings it along.
      await this.context.audioWorklet.addModule(globalThis.me.ears ?? "/e2e/ears.js");
      await this.context.resume();
      const tones = cast.names.map((name) => cast.people[name].tone);
      this.node = new AudioWorkletNode(this.context, "ears", {
        numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions: { tones },
      });
      this.node.port.onmessage = ({ data }) => {
        // Windows are told ten at a time; they follow each other without gaps. Where the page is late the two clocks
        // seem to be further apart than they are.
        const now = performance.now();
        this.apart = [...this.apart.slice(-9), now - 1000 * this.context.currentTime];
        const end = 1000 * data.end + Math.min(...this.apart);
        data.windows.forEach((levels, i) => heard.push({ at: end - 10 * (data.windows.length - 1 - i), levels }));
        while (heard.length > 0 && heard[0].at < now - memory) heard.shift();
      };
      this.sync();
      setInterval(() => this.sync(), 100);
    }

    sync() {
      if (!this.node) return;
      const audible = new Set();
      for (const element of elements) {
        if (element.muted || element.paused || !(element.srcObject instanceof MediaStream)) continue;
        for (const track of element.srcObject.getAudioTracks()) audible.add(track);
      }
      for (const track of audible) {
        if (this.inputs.has(track)) continue;
        const source = this.context.createMediaStreamSource(new MediaStream([track]));
        const gain = new GainNode(this.context, { gain: 0 });
        source.connect(gain).connect(this.node);
        this.inputs.set(track, gain);
      }
      for (const [track, gain] of this.inputs) gain.gain.value = audible.has(track) ? 1 : 0;
    }
  }

  globalThis.senses = {
    /** Begins to listen; eyes are open from the start. */
    async listen() {
      if (ears) return;
      ears = new Ears();
      await ears.start();
    },

    /** Milliseconds since this page began. */
    now: () => performance.now(),

    /** What is seen of a source since a time: how many pictures, of what width last, how far off its colour. */
    seen(source, since = started) {
      const list = pictures.filter((p) => p.source === source && p.at >= since);
      const last = list.at(-1);
      return {
        count: new Set(list.map((p) => p.number)).size,
        width: last?.width ?? 0,
        off: last?.off ?? 255,
        first: list[0]?.at ?? null,
        last: last?.at ?? null,
      };
    },

    /** Looks for people in these places of the program's picture from now on. */
    divide(list) {
      places = list;
    },

    /** Who was seen last in each of the places, in the last half second. */
    seated() {
      const since = performance.now() - 500;
      return places.map((_, i) => pictures.findLast((p) => p.place === i && p.at >= since)?.source ?? "");
    },

    /** The share of windows since a time in which a person is heard, and how many there were. */
    heard(name, since = started) {
      const index = cast.names.indexOf(name);
      const windows = heard.filter((w) => w.at >= since);
      const loud = windows.filter((w) => w.levels[index] > threshold).length;
      return { share: windows.length > 0 ? loud / windows.length : 0, windows: windows.length };
    },

    /**
     * The longest times, in a span of time, between two new pictures of a source and without a person's tone, in
     * milliseconds with when they ended; and when the picture was black or away.
     */
    gaps(name, from, to) {
      const none = { length: 0, end: 0 };
      const longer = (a, b) => (b.length > a.length ? b : a);
      let picture = none;
      let last = null;
      for (const { source, at, number } of pictures) {
        if (source !== name || at > to || number === last?.number) continue;
        if (last && at >= from) picture = longer(picture, { length: Math.round(at - last.at), end: Math.round(at) });
        last = { at, number };
      }
      const index = cast.names.indexOf(name);
      let sound = none;
      let run = 0;
      for (const { at, levels } of heard) {
        if (at < from || at > to) continue;
        run = levels[index] > threshold ? 0 : run + 10;
        sound = longer(sound, { length: run, end: Math.round(at) });
      }
      return { picture, sound, blanks: blanks.filter((b) => b.source === name && b.at >= from && b.at <= to) };
    },

    /**
     * By how many milliseconds each beep of a person came later than the flash of the picture, since a time. It is in
     * a place of the program, or fills an element where place is null.
     */
    lipSync(name, place, since) {
      const index = cast.names.indexOf(name);
      const starts = (list, on) => list.filter((now, i) => i > 0 && on(now) && !on(list[i - 1])).map(({ at }) => at);
      const flashes = starts(pictures.filter((p) => p.place === place && p.at >= since), (p) => p.white);
      const beeps = starts(heard.filter((w) => w.at >= since), (w) => w.levels[index] > threshold);
      return flashes
        .map((flash) => beeps.map((beep) => Math.round(beep - flash)).sort((a, b) => Math.abs(a) - Math.abs(b))[0])
        .filter((apart) => Math.abs(apart) < 500);
    },

    debug: () => ({
      elements: [...elements].map((e) => ({
        kind: e.tagName, muted: e.muted, paused: e.paused, connected: e.isConnected, ready: e.readyState,
        width: e.videoWidth, tracks: e.srcObject?.getTracks().map((t) => `${t.kind} ${t.readyState} ${t.muted ? "muted" : ""}`),
      })),
      sources: Object.fromEntries(cast.sources.map((s) => [s, globalThis.senses.seen(s)]).filter(([, s]) => s.count > 0)),
      tones: Object.fromEntries(cast.names.map((n) => [n, globalThis.senses.heard(n, performance.now() - 1000)])),
      blanks: blanks.slice(-5),
      garbled,
    }),
  };
})();
