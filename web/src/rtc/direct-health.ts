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

/** Milliseconds without a packet after which a connection is poor. */
export const stallLimit = 3000;
/** Share of lost packets above which a connection is poor, once it lasts. */
export const lossLimit = 0.2;
/** Milliseconds for which the loss must last. */
export const lossDuration = 5000;

/** Judges samples, taken about once a second. */
export class DirectHealth {
  private last: HealthSample | null = null;
  private heardAt = 0;
  private lossySince: number | null = null;

  /** Takes a sample; returns why the connection is poor, or null while it is good. */
  judge(sample: HealthSample): "stalled" | "lossy" | null {
    const last = this.last;
    this.last = sample;
    if (!last || last.mediaExpected !== sample.mediaExpected) {
      this.heardAt = sample.at;
      this.lossySince = null;
      return null;
    }
    const packets = sample.packets - last.packets;
    if (sample.mediaExpected ? packets > 0 : sample.pongs > last.pongs) this.heardAt = sample.at;
    const lost = Math.max(0, sample.lost - last.lost);
    const lossy = packets + lost > 0 && lost / (packets + lost) > lossLimit;
    if (!lossy) this.lossySince = null;
    else this.lossySince ??= last.at;
    if (sample.at - this.heardAt >= stallLimit) return "stalled";
    return this.lossySince !== null && sample.at - this.lossySince >= lossDuration ? "lossy" : null;
  }
}
