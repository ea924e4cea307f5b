// The page's ears: all that they hear, cut into windows of 10 ms; in each the
// level of each tone by Goertzel's method. They tell ten windows at a
// time, and by the context's clock when the last of them ended.

class Ears extends AudioWorkletProcessor {
  constructor({ processorOptions: { tones } }) {
    super();
    this.size = Math.round(sampleRate / 100);
    this.tones = tones.map((tone) => ({ c: 2 * Math.cos((2 * Math.PI * tone) / sampleRate), a: 0, b: 0 }));
    this.filled = 0;
    this.windows = [];
  }
  process([input]) {
    const left = input[0];
    for (let i = 0; i < 128; i++) {
      const x = left ? left[i] : 0;
      for (const t of this.tones) {
        const s = x + t.c * t.a - t.b;
        t.b = t.a;
        t.a = s;
      }
      if (++this.filled === this.size) this.close(currentTime + (i + 1) / sampleRate);
    }
    return true;
  }
  close(end) {
    this.windows.push(this.tones.map((t) => {
      const power = t.a * t.a + t.b * t.b - t.c * t.a * t.b;
      t.a = t.b = 0;
      return (2 * Math.sqrt(Math.max(0, power))) / this.size;
    }));
    this.filled = 0;
    if (this.windows.length === 10) {
      this.port.postMessage({ windows: this.windows, end });
      this.windows = [];
    }
  }
}
registerProcessor("ears", Ears);
