// Tells the server what the page shows: never two requests at once, never the
// same twice, the newest wins.

import type { View } from "../protocol/messages";

/** Milliseconds between two views. */
const interval = 100;

/** Sends views at a bounded rate. */
export class ViewSender {
  private wanted: View | null = null;
  private sent = "";
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** send resolves when the server has taken the view. */
  constructor(private readonly send: (view: View) => Promise<unknown>) {}

  /** Sends this view as soon as may be. */
  set(view: View): void {
    this.wanted = view;
    if (!this.busy) void this.flush();
  }

  /** The server has forgotten what it was told: what is wanted is sent again. */
  reset(): void {
    this.sent = "";
    if (this.wanted && !this.busy) void this.flush();
  }

  /** Sends nothing any more. */
  close(): void {
    clearTimeout(this.timer);
    this.wanted = null;
  }

  private async flush(): Promise<void> {
    const view = this.wanted;
    const text = JSON.stringify(view);
    if (!view || text === this.sent) return;
    this.busy = true;
    this.sent = text;
    try {
      await this.send(view);
    } catch {
      // It is sent again after the reconnect, or with the next change.
      if (this.sent === text) this.sent = "";
    }
    this.timer = setTimeout(() => {
      this.busy = false;
      if (this.wanted !== view) void this.flush();
    }, interval);
  }
}
