// A file that somebody offers, and its way here.

import { chunkCount, windowChunks, type FileChunk, type FileMessage } from "./file-wire";
import { RtcError, type IncomingFile } from "./types";
import type { FileState } from "./data-types";

/** Milliseconds without a chunk after which it is asked for again. */
const stallTime = 3000;
/** How often it is asked for again in vain. */
const maxStalls = 10;

type Offer = Extract<FileMessage, { say: "offer" }>;

/** An IncomingFile; say sends to the one who offers it. */
export class FileReceiver implements IncomingFile {
  state: FileState = "offered";
  private chunks: Uint8Array<ArrayBuffer>[] = [];
  private count = 0;
  private upto = 0;
  private stalls = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private accepted: Promise<File> | null = null;
  private settle: { resolve(file: File): void; reject(error: RtcError): void } | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly from: string,
    private readonly offer: Offer,
    private readonly say: (message: FileMessage) => void,
  ) {}

  get id(): string {
    return `${this.from}/${this.offer.file}`;
  }
  get name(): string {
    return this.offer.name;
  }
  get size(): number {
    return this.offer.size;
  }
  get type(): string {
    return this.offer.type;
  }
  get received(): number {
    return Math.min(this.size, this.count * this.offer.chunk);
  }

  accept(): Promise<File> {
    this.accepted ??= new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      if (this.state !== "offered") return this.fail("The offer is over.");
      this.state = "running";
      if (this.total === 0) this.finish();
      else this.want(false);
      this.changed();
    });
    return this.accepted;
  }

  cancel(): void {
    if (this.state !== "offered" && this.state !== "running") return;
    this.say({ say: "stop", file: this.offer.file });
    this.end("cancelled", new RtcError("cancelled", "You stopped the transfer."));
  }

  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Takes a chunk; one out of order is a repetition or follows a lost one, and is asked for again. */
  take(chunk: FileChunk): void {
    if (this.state !== "running" || chunk.index !== this.count) return;
    this.count = this.chunks.push(new Uint8Array(chunk.bytes));
    this.stalls = 0;
    if (this.count === this.total) this.finish();
    else if (this.upto - this.count <= windowChunks / 2) this.want(false);
    else this.watch();
    this.changed();
  }

  /** The sender took the offer back or is gone. */
  fail(text: string): void {
    if (this.state === "done" || this.state === "cancelled") return;
    this.end("failed", new RtcError("cancelled", text));
  }

  private get total(): number {
    return chunkCount(this.size, this.offer.chunk);
  }

  private want(again: boolean): void {
    const from = this.count;
    this.upto = Math.min(this.total, from + windowChunks);
    this.say({ say: "want", file: this.offer.file, from, upto: this.upto, ...(again && { again }) });
    this.watch();
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (++this.stalls > maxStalls) this.fail("Nothing came for too long.");
      else this.want(true);
    }, stallTime);
  }

  private finish(): void {
    clearTimeout(this.timer);
    // The last request acknowledges the last chunk.
    this.say({ say: "want", file: this.offer.file, from: this.total, upto: this.total });
    this.state = "done";
    this.settle?.resolve(new File(this.chunks, this.name, { type: this.type }));
    this.chunks = [];
  }

  private end(state: FileState, error: RtcError): void {
    clearTimeout(this.timer);
    this.state = state;
    this.chunks = [];
    this.settle?.reject(error);
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
