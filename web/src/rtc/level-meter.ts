// How loud a track is, for meters.

/** Decibels below full scale that count as silence. */
const floor = -60;

/** A level in decibels below full scale as 0 (silence) to 1 (loudest), linear in decibels. */
export function levelOf(decibels: number): number {
  return Math.min(1, Math.max(0, 1 - decibels / floor));
}

/** Measures how loud an audio track is. Works once the page may play sound; shows silence before. */
export class LevelMeter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(new MediaStream([track])).connect(this.analyser);
  }

  /** 0 (silence) to 1 (loudest), linear in decibels, over the last 20 ms. */
  get level(): number {
    if (this.context.state === "suspended") void this.context.resume();
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return levelOf(10 * Math.log10(sum / this.samples.length + 1e-12));
  }

  /** Ends the measurement; the track goes on. */
  close(): void {
    void this.context.close();
  }
}
