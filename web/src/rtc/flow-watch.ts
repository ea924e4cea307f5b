// Whether a receiver gives out pictures or sound right now.

/** Milliseconds between two looks at a receiver that is waited for. */
const interval = 50;
/** Pictures that must have been decoded: the first may be an old one. */
const enoughFrames = 2;

interface Watch {
  track: string;
  /** The count when the watch began; null before the first look. */
  base: number | null;
  flowing: boolean;
}

/** Watches receivers until they flow; a watch is for one remote track. */
export class FlowWatch {
  private readonly watches = new Map<RTCRtpReceiver, Watch>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** onFlow is called when a receiver that was waited for flows. */
  constructor(private readonly onFlow: () => void) {}

  /** Whether the receiver is known to flow with this remote track. Begins to look if it is not. */
  flows(receiver: RTCRtpReceiver, track: string): boolean {
    const watch = this.watches.get(receiver);
    if (watch?.track === track) return watch.flowing;
    this.watches.set(receiver, { track, base: null, flowing: false });
    this.timer ??= setInterval(() => void this.look(), interval);
    return false;
  }

  /** Ends the watch of a receiver; the next begins anew. */
  forget(receiver: RTCRtpReceiver): void {
    this.watches.delete(receiver);
  }

  /** Ends all watches. */
  clear(): void {
    this.watches.clear();
    this.rest();
  }

  private async look(): Promise<void> {
    const waiting = [...this.watches].filter(([, watch]) => !watch.flowing);
    if (waiting.length === 0) this.rest();
    const looks = waiting.map(async ([receiver, watch]) => {
      const count = await decoded(receiver);
      if (this.watches.get(receiver) !== watch) return false;
      watch.base ??= count;
      watch.flowing = count >= watch.base + (receiver.track.kind === "video" ? enoughFrames : 1);
      return watch.flowing;
    });
    if ((await Promise.all(looks)).some(Boolean)) this.onFlow();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** Pictures decoded, or sound samples given out, since the receiver began. */
async function decoded(receiver: RTCRtpReceiver): Promise<number> {
  // A connection that was closed meanwhile has none.
  const report = await receiver.getStats().catch(() => new Map() as RTCStatsReport);
  let count = 0;
  for (const stats of report.values() as Iterable<RTCStats>) {
    if (stats.type !== "inbound-rtp") continue;
    const inbound = stats as RTCInboundRtpStreamStats;
    count += receiver.track.kind === "video"
      ? (inbound.framesDecoded ?? 0)
      : (inbound.jitterBufferEmittedCount ?? inbound.packetsReceived ?? 0);
  }
  return count;
}
