// The signalling connection: requests, numbered events, and coming back after
// the socket was lost.

import { backoff } from "./backoff";
import { Events } from "./events";
import {
  decodeServer, encodeRequest, SignalError, Version,
  type Bye, type ClientMessages, type Code, type Error as ErrorBody, type Event, type Join, type Push,
  type Replies, type RequestType, type SignalCode, type Welcome,
} from "./messages";
import { Requests } from "./requests";

/** The part of a WebSocket that Signal uses. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** What a Signal needs. Times are in milliseconds. */
export interface SignalOptions {
  /** ws: or wss: address. */
  url: string;
  /** As whom to join, asked anew for each attempt. */
  join(): Omit<Join, "version" | "resume">;
  /** Opens a socket; the browser's WebSocket if left out. */
  openSocket?: (url: string) => Socket;
  /** In [0, 1), for jitter. */
  random?: () => number;
  requestTimeout?: number;
  pingInterval?: number;
  pingTimeout?: number;
  /** The same for the ping of wake(), when there is reason to doubt the socket. */
  wakeTimeout?: number;
}

/** The events of a Signal. */
export type SignalEvents = { [T in keyof Push]: [body: Push[T]] } & {
  /** Joined, or joined again; resumed tells which. Comes before any event of that time. */
  welcome: [welcome: Welcome];
  /** The room's events, each once, in order and without gaps. */
  event: [event: Event];
  /** The socket is lost; the next attempt is made after delay milliseconds. */
  waiting: [attempt: number, delay: number];
  /** Something that was no request went wrong, such as a data message. */
  refused: [error: SignalError];
  /** It is over and no attempt follows. */
  closed: [code: Code | SignalCode, text: string];
};

type State = "new" | "joining" | "joined" | "waiting" | "closed";

const pushes: readonly (keyof Push)[] = [
  "slots", "layers", "speakers", "direct", "direct_start", "direct_stop", "muted_by_host",
];

/** Codes of a refused join after which trying again makes sense. */
const passing: readonly (Code | SignalCode)[] = ["draining", "internal", "timeout", "slow", "too_fast", "no_answer", "not_connected"];

/**
 * One membership of a room as the signalling sees it. join() makes the first
 * attempt and reports its failure; afterwards a lost socket is opened again for
 * as long as there is use in it. Requests made meanwhile wait; those under way
 * when the socket was lost fail with "not_connected".
 */
export class Signal extends Events<SignalEvents> {
  private state: State = "new";
  private socket: Socket | null = null;
  private readonly requests = new Requests();
  private queued: { id: number; text: string }[] = [];
  private membership: { member: string; key: string } | null = null;
  private lastEvent = 0;
  private attempt = 0;
  private bye: Bye | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private first: { resolve(welcome: Welcome): void; reject(error: SignalError): void } | null = null;

  constructor(private readonly options: SignalOptions) {
    super();
  }

  /** Joins. Rejects with SignalError if the first attempt fails; then the Signal is closed. */
  join(): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      this.first = { resolve, reject };
      this.open();
    });
  }

  /** Sends a request and returns its reply. Rejects with SignalError. */
  async request<T extends RequestType>(type: T, data: ClientMessages[T]): Promise<Replies[T]> {
    if (this.state === "closed" || this.state === "new") throw notConnected();
    const { id, reply } = this.requests.open(type, this.options.requestTimeout ?? 15_000);
    const text = encodeRequest(id, type, data);
    if (this.state === "joined") this.socket?.send(text);
    else this.queued.push({ id, text });
    return (await reply) as Replies[T];
  }

  /** The network may have changed: finds out at once whether the socket still works. */
  wake(): void {
    if (this.state === "waiting") this.open();
    else if (this.state === "joined") this.ping(this.options.wakeTimeout ?? 1000);
  }

  /** Leaves the room and closes. Idempotent. */
  leave(): void {
    this.request("leave", {}).catch(() => undefined);
    this.end("left", "You left the room.");
  }

  private open(): void {
    clearTimeout(this.timer);
    this.state = "joining";
    this.attempt++;
    this.bye = null;
    let socket: Socket;
    try {
      socket = this.options.openSocket ? this.options.openSocket(this.options.url) : openWebSocket(this.options.url);
    } catch (error) {
      this.end("unreachable", `${this.options.url} is not a WebSocket address: ${String(error)}`);
      return;
    }
    this.socket = socket;
    const current = (): boolean => this.socket === socket;
    // One limit for opening the socket and for the welcome.
    this.timer = setTimeout(() => current() && this.lost(), this.options.requestTimeout ?? 15_000);
    socket.onopen = () => current() && this.sendJoin(socket);
    socket.onmessage = ({ data }) => current() && typeof data === "string" && this.receive(data);
    socket.onclose = () => current() && this.lost();
  }

  private sendJoin(socket: Socket): void {
    const { id, reply } = this.requests.open("join", this.options.requestTimeout ?? 15_000);
    const resume = this.membership && { ...this.membership, number: this.lastEvent };
    socket.send(encodeRequest(id, "join", { ...this.options.join(), version: Version, ...(resume && { resume }) }));
    // A welcome is handled where it arrives, so that no event overtakes it.
    reply.catch((error: unknown) => {
      if (this.socket === socket && error instanceof SignalError) this.refused(error);
    });
  }

  private receive(text: string): void {
    const message = decodeServer(text);
    if (!message) return;
    const { type, id, data } = message;
    if (type === "event") this.receiveEvent(data as Event);
    else if (type === "bye") this.bye = data as Bye;
    else if (type === "error") {
      const { code, text: why } = data as ErrorBody;
      if (id === 0) this.emit("refused", new SignalError(code, why));
      else this.requests.reject(id, new SignalError(code, why));
    } else if (pushes.includes(type as keyof Push) && id === 0) {
      this.emit(type as keyof Push, data as never);
    } else if (id !== 0) {
      if (type === "welcome") this.welcomed(data as Welcome);
      this.requests.resolve(id, data);
    }
  }

  private receiveEvent(event: Event): void {
    if (event.number <= this.lastEvent) return;
    if (event.number > this.lastEvent + 1) {
      // A gap: resume from the last event that was seen.
      this.lost();
      return;
    }
    this.lastEvent = event.number;
    this.emit("event", event);
  }

  private welcomed(welcome: Welcome): void {
    clearTimeout(this.timer);
    this.state = "joined";
    this.attempt = 0;
    this.membership = { member: welcome.member, key: welcome.key };
    if (welcome.room) this.lastEvent = welcome.room.number;
    this.emit("welcome", welcome);
    this.first?.resolve(welcome);
    this.first = null;
    for (const { text } of this.queued.splice(0)) this.socket?.send(text);
    this.pingLater();
  }

  private refused(error: SignalError): void {
    if (error.code === "resume_lost") {
      this.membership = null;
      this.lastEvent = 0;
      this.dropSocket();
      this.open();
    } else if (passing.includes(error.code) && !this.first) {
      this.lost();
    } else {
      this.end(error.code, error.message);
    }
  }

  private lost(): void {
    this.dropSocket();
    if (this.bye && this.bye.retry_after < 0) {
      this.end(this.bye.code, this.bye.text);
      return;
    }
    if (this.first) {
      this.end(this.bye?.code ?? "unreachable", this.bye?.text ?? `No connection to ${this.options.url}.`);
      return;
    }
    const wait = Math.max(backoff(this.attempt + 1, (this.options.random ?? Math.random)()), this.bye?.retry_after ?? 0);
    this.state = "waiting";
    this.timer = setTimeout(() => this.open(), wait);
    this.emit("waiting", this.attempt + 1, wait);
  }

  private pingLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ping(), this.options.pingInterval ?? 5000);
  }

  private ping(timeout = this.options.pingTimeout ?? 4000): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    const { id, reply } = this.requests.open("ping", timeout);
    socket?.send(encodeRequest(id, "ping", {}));
    reply.then(
      () => this.socket === socket && this.pingLater(),
      () => this.socket === socket && this.lost(),
    );
  }

  /** Lets go of the socket and fails what was under way on it; what is queued stays. */
  private dropSocket(): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    const queued = new Set(this.queued.map((q) => q.id));
    this.requests.rejectAll(notConnected(), queued);
  }

  private end(code: Code | SignalCode, text: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.queued = [];
    this.dropSocket();
    const error = new SignalError(code, text);
    const first = this.first;
    this.first = null;
    if (first) first.reject(error);
    else this.emit("closed", code, text);
  }
}

function notConnected(): SignalError {
  return new SignalError("not_connected", "There is no connection to the room.");
}

function openWebSocket(url: string): Socket {
  const ws = new WebSocket(url);
  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => ws.readyState === WebSocket.OPEN && ws.send(text),
    close: () => ws.close(),
  };
  ws.onopen = () => socket.onopen?.();
  ws.onmessage = (message: MessageEvent<unknown>) => socket.onmessage?.({ data: message.data });
  ws.onclose = () => socket.onclose?.();
  return socket;
}
