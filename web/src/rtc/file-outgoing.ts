// A file that one offers, and its ways to those who fetch it.

import { chunkCount, encodeChunk, encodeFileMessage, type FileMessage } from "./file-wire";
import type { FileState } from "./data-types";
import type { OutgoingFile } from "./types";

type Want = Extract<FileMessage, { say: "want" }>;

/** Chunks that one receiver is owed. */
interface Fetch {
  next: number;
  upto: number;
  running: boolean;
}

/** An OutgoingFile. send resolves when more may be sent. */
export class FileSender implements OutgoingFile {
  state: FileState = "offered";
  readonly progress = new Map<string, number>();
  private readonly fetches = new Map<string, Fetch>();
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly number: number,
    readonly file: File,
    readonly to: string,
    private readonly chunk: number,
    private readonly send: (payload: Uint8Array, to: string) => Promise<void>,
  ) {}

  get id(): string {
    return String(this.number);
  }

  /** Tells those whom it concerns. */
  offer(): void {
    const { name, size, type } = this.file;
    this.say({ say: "offer", file: this.number, name, size, type, chunk: this.chunk }, this.to);
  }

  cancel(): void {
    if (this.state === "cancelled" || this.state === "failed") return;
    this.state = "cancelled";
    this.fetches.clear();
    this.say({ say: "withdraw", file: this.number }, this.to);
    this.changed();
  }

  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A member asks for chunks. */
  want(from: string, want: Want): void {
    if (this.state === "cancelled" || this.state === "failed") return;
    if (this.to !== "" && this.to !== from) return;
    const fetch = this.fetches.get(from) ?? { next: want.from, upto: 0, running: false };
    this.fetches.set(from, fetch);
    if (want.again) fetch.next = want.from;
    fetch.upto = Math.min(want.upto, this.total);
    this.progress.set(from, Math.min(this.file.size, want.from * this.chunk));
    if (!fetch.running) void this.run(from, fetch);
    this.state = [...this.progress.values()].every((bytes) => bytes >= this.file.size) ? "done" : "running";
    this.changed();
  }

  /** A member wants no more, or is gone. */
  stop(from: string): void {
    if (!this.fetches.delete(from)) return;
    this.progress.delete(from);
    if (this.progress.size === 0 && this.state === "running") this.state = "offered";
    this.changed();
  }

  private get total(): number {
    return chunkCount(this.file.size, this.chunk);
  }

  private async run(to: string, fetch: Fetch): Promise<void> {
    fetch.running = true;
    try {
      while (fetch.next < fetch.upto && this.fetches.get(to) === fetch) {
        const index = fetch.next++;
        const slice = this.file.slice(index * this.chunk, (index + 1) * this.chunk);
        const bytes = new Uint8Array(await slice.arrayBuffer());
        await this.send(encodeChunk({ file: this.number, index, bytes }), to);
      }
    } catch {
      // The receiver asks again; a file that can't be read any more it gives up.
    }
    fetch.running = false;
  }

  private say(message: FileMessage, to: string): void {
    this.send(encodeFileMessage(message), to).catch(() => {
      this.state = "failed";
      this.changed();
    });
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
