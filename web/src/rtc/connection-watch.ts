// What the connection to the server runs over, and what of it the server is
// told for its figures.

import { Events } from "../protocol/events";
import type { Report } from "../protocol/messages";
import { causeOf, connectionOf, kindOfCandidate, readSelected } from "./connection";
import type { MediaState, ServerConnection } from "./types";

/** The events of a ConnectionWatch. */
export interface ConnectionWatchEvents {
  changed: [connection: ServerConnection | null];
}

/** What it looks at, and what it tells. */
export interface ConnectionWatchOptions {
  stats(): Promise<Iterable<Readonly<Record<string, unknown>>>>;
  report(report: Report): void;
}

/** Milliseconds after which media that did not come up are reported. */
const patience = 10_000;

/** Watches one connection at a time, from begin() on; says each kind once in a row, and each outage once. */
export class ConnectionWatch extends Events<ConnectionWatchEvents> {
  /** Null before the first connection; then the newest that is known. */
  connection: ServerConnection | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reported = "";

  constructor(private readonly options: ConnectionWatchOptions) {
    super();
  }

  /** Another connection is being made. */
  begin(): void {
    this.timer ??= setTimeout(() => this.say({ cause: "media_unreachable" }), patience);
  }

  /** The state of the connection has changed. */
  stateChanged(state: MediaState): void {
    if (state === "connected") {
      clearTimeout(this.timer);
      this.timer = undefined;
      void this.look();
    } else if (state === "disconnected" || state === "failed") {
      this.begin();
    }
  }

  /** Looks which candidates are in use: they may have changed without a change of state. */
  async look(): Promise<void> {
    const pair = await this.options.stats().then(readSelected, () => null);
    if (!pair) return;
    const { candidate } = pair;
    this.say({ cause: causeOf(kindOfCandidate(candidate)), candidate });
    const next = connectionOf(pair);
    const { kind, address, port } = this.connection ?? {};
    if (kind === next.kind && address === next.address && port === next.port) return;
    this.connection = next;
    this.emit("changed", next);
  }

  /** Ends it. Idempotent. */
  close(): void {
    clearTimeout(this.timer);
  }

  private say(report: Report): void {
    const text = JSON.stringify(report);
    if (text === this.reported) return;
    this.reported = text;
    this.options.report(report);
  }
}
