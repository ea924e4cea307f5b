// A server's end of a socket, for tests.

import type { ServerMessages, Welcome } from "./messages";
import type { Socket } from "./signal";

interface Sent {
  type: string;
  id: number;
  data: Record<string, unknown>;
}

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: Sent[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.closed = true;
  }

  /** The last request of this type. */
  request(type: string): Sent {
    const found = this.sent.filter((s) => s.type === type).at(-1);
    if (!found) throw new Error(`no ${type} was sent, only ${this.sent.map((s) => s.type).join(", ")}`);
    return found;
  }

  /** Says something to the client; id 0 is for messages that are no reply. */
  say<T extends keyof ServerMessages>(type: T, data: ServerMessages[T], id = 0): void {
    this.onmessage?.({ data: JSON.stringify({ type, id, data }) });
  }

  /** Opens, and answers the join. */
  welcome(welcome: Partial<Welcome> = {}): void {
    this.onopen?.();
    this.say("welcome", { ...welcomed, ...welcome }, this.request("join").id);
  }
}

const welcomed: Welcome = {
  version: 1,
  server: "tutti test",
  member: "me",
  key: "secret",
  resumed: false,
  room: { name: "hall", number: 10, settings: { locked: false, path: "auto" }, program: { state: "off" }, members: [], chat: [] },
  ice_servers: [],
  limits: { message_bytes: 65536, message_rate: 50, tracks: 8, members: 100, chat_chars: 2000, data_bytes: 65536 },
};
