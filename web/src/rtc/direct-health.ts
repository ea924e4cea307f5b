// Whether a direct connection is still good enough. Pure.

/** Figures of a direct connection; counts are since its start. */
export interface HealthSample {
  /** Milliseconds. */
  at: number;
  /** RTP packets received, of all tracks. */
  packets: number;
  /** RTP packets lost. */
  lost: number;
  /** Answers to pings. */
  pongs: number;
  /** Whether the other end sends any track that is not muted. */
  mediaExpected: boolean;
}

/** Milliseconds without any packet or answer after which a connection is suspect. */
export const suspectLimit = 1200;
/** Milliseconds without a packet after which a connection is poor. */
export const stallLimit = 3000;
/** Share of lost packets above which a connection is poor, once it lasts. */
export const lossLimit = 0.2;
/** Milliseconds for which the loss must last. */
export const lossDuration = 5000;

/**
 * What a connection is. A suspect one may yet recover, but the other path had
 * better be made ready; the last two are reasons to give it up.
 */
export type Verdict = "good" | "suspect" | "stalled" | "lossy";

/** Judges samples, taken about twice a second. */
export class DirectHealth {
  private last: HealthSample | null = null;
  private aliveAt = 0;
  private heardAt = 0;
  private lossySince: number | null = null;

  /** Takes a sample and judges the connection by it and those before. */
  judge(sample: HealthSample): Verdict {
    const last = this.last;
    this.last = sample;
    if (!last || last.mediaExpected !== sample.mediaExpected) {
      this.aliveAt = this.heardAt = sample.at;
      this.lossySince = null;
      return "good";
    }
    const packets = sample.packets - last.packets;
    const answered = sample.pongs > last.pongs;
    if (packets > 0 || answered) this.aliveAt = sample.at;
    if (sample.mediaExpected ? packets > 0 : answered) this.heardAt = sample.at;
    const lost = Math.max(0, sample.lost - last.lost);
    const lossy = packets + lost > 0 && lost / (packets + lost) > lossLimit;
    if (!lossy) this.lossySince = null;
    else this.lossySince ??= last.at;
    if (sample.at - this.heardAt >= stallLimit) return "stalled";
    if (this.lossySince !== null && sample.at - this.lossySince >= lossDuration) return "lossy";
    return sample.at - this.aliveAt >= suspectLimit ? "suspect" : "good";
  }
}
