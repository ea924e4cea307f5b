// How hard this device finds it to show the pictures that it receives, and
// when the server is told.

import type { Load } from "../protocol/messages";

/** What it looks at, and what it tells. */
export interface LoadWatchOptions {
  /** The statistics of all connections, as W3C has them. */
  reports(): Promise<Iterable<Readonly<Record<string, unknown>>>>;
  /** Whether one receives the program. */
  onProgram(): boolean;
  tell(load: Load): void;
}

/** Milliseconds between two looks. A little above what the server counts at most, so that none is lost. */
const interval = 5200;
/** From here on it is hard: shares of decoding and of dropped pictures. */
const hard = { decode: 0.5, dropped: 0.05 } as const;
/** Fewer pictures than this tell nothing. */
const enough = 10;

interface Counts {
  at: number;
  /** Seconds of decoding. */
  decoding: number;
  received: number;
  dropped: number;
}

/** Reads reports in turn. Pure: a report and the counts of the last one go in. */
export class LoadReader {
  private last = new Map<string, Counts>();

  /** The load since the last report, which was taken at this time in milliseconds; null where too little was received. */
  read(report: Iterable<Readonly<Record<string, unknown>>>, at: number): Load | null {
    const next = new Map<string, Counts>();
    let [decode, received, dropped] = [0, 0, 0];
    for (const stats of report) {
      if (stats["type"] !== "inbound-rtp" || stats["kind"] !== "video") continue;
      const id = String(stats["id"]);
      const now: Counts = {
        at, decoding: number(stats["totalDecodeTime"]), received: number(stats["framesReceived"]), dropped: number(stats["framesDropped"]),
      };
      next.set(id, now);
      const before = this.last.get(id);
      if (!before || now.received < before.received || at <= before.at) continue;
      decode += Math.max(0, now.decoding - before.decoding) / ((at - before.at) / 1000);
      received += now.received - before.received;
      dropped += Math.max(0, now.dropped - before.dropped);
    }
    this.last = next;
    return received < enough ? null : { decode: round(decode), dropped: round(Math.min(1, dropped / received)) };
  }
}

/**
 * Whether the server is to be told: what is hard; that it is not any more,
 * once; and all that one sees of the program, so that one may leave it.
 */
export function worthTelling(load: Load, { onProgram, told }: { onProgram: boolean; told: Load | null }): boolean {
  return onProgram || isHard(load) || (told !== null && isHard(told));
}

function isHard({ decode, dropped }: Load): boolean {
  return decode > hard.decode || dropped > hard.dropped;
}

/** Looks every five seconds until it is closed. */
export class LoadWatch {
  private readonly reader = new LoadReader();
  private told: Load | null = null;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly options: LoadWatchOptions) {
    this.timer = setInterval(() => void this.look().catch(() => undefined), interval);
  }

  /** Ends it. Idempotent. */
  close(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const load = this.reader.read(await this.options.reports(), performance.now());
    // A page that nobody sees is given less time, which says nothing of the device.
    if (!load || document.visibilityState === "hidden") return;
    if (!worthTelling(load, { onProgram: this.options.onProgram(), told: this.told })) return;
    this.told = load;
    this.options.tell(load);
  }
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}
