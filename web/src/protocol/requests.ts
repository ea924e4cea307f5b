// Requests that wait for their reply.

import { SignalError } from "./messages";

interface Pending {
  resolve(data: unknown): void;
  reject(error: SignalError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Matches replies to requests by id, and ends requests that are never answered. */
export class Requests {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  /** An id that no open request has, and the promise of its reply. */
  open(what: string, timeout: number): { id: number; reply: Promise<unknown> } {
    const id = ++this.lastId;
    const reply = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new SignalError("no_answer", `The server did not answer "${what}" within ${timeout / 1000} s.`));
      }, timeout);
      this.pending.set(id, { resolve, reject, timer });
    });
    return { id, reply };
  }

  /** Ends the request with its reply. */
  resolve(id: number, data: unknown): void {
    this.take(id)?.resolve(data);
  }

  /** Ends the request with an error. */
  reject(id: number, error: SignalError): void {
    this.take(id)?.reject(error);
  }

  /** Ends all requests but those in except with an error. */
  rejectAll(error: SignalError, except: ReadonlySet<number>): void {
    for (const id of [...this.pending.keys()]) if (!except.has(id)) this.reject(id, error);
  }

  private take(id: number): Pending | undefined {
    const request = this.pending.get(id);
    if (request) {
      clearTimeout(request.timer);
      this.pending.delete(id);
    }
    return request;
  }
}
