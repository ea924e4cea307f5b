import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket } from "./fake-socket";
import { Signal } from "./signal";

let sockets: FakeSocket[] = [];
let log: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  log = [];
});
afterEach(() => vi.useRealTimers());

function latest(): FakeSocket {
  return sockets.at(-1)!;
}

function newSignal(): Signal {
  const signal = new Signal({
    url: "ws://server/api/ws",
    join: () => ({ room: "hall", name: "Wei", direct: true }),
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
  signal.on("welcome", (w) => log.push(w.resumed ? "resumed" : "welcome"));
  signal.on("event", (e) => log.push(`event ${e.number}`));
  signal.on("waiting", (attempt, delay) => log.push(`attempt ${attempt} in ${delay}`));
  signal.on("closed", (code) => log.push(`closed ${code}`));
  return signal;
}

async function joined(): Promise<Signal> {
  const signal = newSignal();
  const join = signal.join();
  latest().welcome();
  await join;
  return signal;
}

test("joins with its version, and gives each event once and in order", async () => {
  await joined();
  expect(latest().request("join").data).toEqual({ version: 1, room: "hall", name: "Wei", direct: true });
  latest().say("event", { number: 11, time: 0, kind: "settings" });
  latest().say("event", { number: 11, time: 0, kind: "settings" });
  latest().say("event", { number: 12, time: 0, kind: "settings" });
  expect(log).toEqual(["welcome", "event 11", "event 12"]);
});

test("a refused first join is reported and not tried again", async () => {
  const join = newSignal().join();
  latest().onopen?.();
  latest().say("error", { code: "token_expired", text: "The token is too old." }, latest().request("join").id);
  await expect(join).rejects.toMatchObject({ code: "token_expired" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets.length).toBe(1);
});

test("a server that can't be reached is reported at once", async () => {
  const join = newSignal().join();
  latest().onclose?.();
  await expect(join).rejects.toMatchObject({ code: "unreachable" });
});

test("replies and errors find their requests", async () => {
  const signal = await joined();
  const hand = signal.request("set_hand", { raised: true });
  const lock = signal.request("moderate", { action: "end" });
  latest().say("error", { code: "forbidden", text: "Only hosts may." }, latest().request("moderate").id);
  latest().say("ok", {}, latest().request("set_hand").id);
  await expect(hand).resolves.toEqual({});
  await expect(lock).rejects.toMatchObject({ code: "forbidden" });
});

test("a request without reply fails after its time", async () => {
  const signal = await joined();
  signal.on("waiting", () => undefined);
  const hand = signal.request("set_hand", { raised: true });
  const failed = expect(hand).rejects.toMatchObject({ code: "no_answer" });
  // The pings in between are answered, so that the socket counts as alive.
  for (let i = 0; i < 4; i++) {
    await vi.advanceTimersByTimeAsync(5000);
    latest().say("pong", {}, latest().request("ping").id);
  }
  await failed;
});

test("resumes from the last event after the socket was lost", async () => {
  const signal = await joined();
  latest().say("event", { number: 11, time: 0, kind: "settings" });
  const underWay = signal.request("rename", { name: "Li" });
  latest().onclose?.();
  await expect(underWay).rejects.toMatchObject({ code: "not_connected" });
  // What is asked for while there is no socket waits for the next.
  const later = signal.request("set_hand", { raised: true });
  await vi.advanceTimersByTimeAsync(100);
  expect(sockets.length).toBe(2);
  latest().onopen?.();
  expect(latest().request("join").data).toMatchObject({ resume: { member: "me", key: "secret", number: 11 } });
  expect(latest().sent.map((s) => s.type)).toEqual(["join"]);
  latest().welcome({ resumed: true, room: undefined });
  latest().say("event", { number: 12, time: 0, kind: "settings" });
  latest().say("ok", {}, latest().request("set_hand").id);
  await later;
  expect(log).toEqual(["welcome", "event 11", "attempt 1 in 50", "resumed", "event 12"]);
});

test("waits longer each time, and a wake tries at once", async () => {
  const signal = await joined();
  latest().onclose?.();
  for (let i = 0; i < 8; i++) {
    await vi.advanceTimersByTimeAsync(10_000);
    latest().onclose?.();
  }
  expect(log.slice(1)).toEqual([
    "attempt 1 in 50", "attempt 2 in 450", "attempt 3 in 900", "attempt 4 in 1800", "attempt 5 in 3600",
    "attempt 6 in 7200", "attempt 7 in 7500", "attempt 8 in 7500", "attempt 9 in 7500",
  ]);
  const before = sockets.length;
  signal.wake();
  expect(sockets.length).toBe(before + 1);
});

test("a gap in the numbers makes it resume from the last event seen", async () => {
  await joined();
  latest().say("event", { number: 13, time: 0, kind: "settings" });
  expect(sockets[0]!.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(100);
  latest().onopen?.();
  expect(latest().request("join").data["resume"]).toMatchObject({ number: 10 });
});

test("joins anew when the membership is over", async () => {
  await joined();
  latest().onclose?.();
  await vi.advanceTimersByTimeAsync(100);
  latest().onopen?.();
  latest().say("error", { code: "resume_lost", text: "Too late." }, latest().request("join").id);
  await vi.advanceTimersByTimeAsync(0);
  expect(sockets.length).toBe(3);
  latest().welcome({ member: "me2" });
  expect(latest().request("join").data["resume"]).toBeUndefined();
  expect(log).toEqual(["welcome", "attempt 1 in 50", "welcome"]);
});

test("a silent server is noticed by the ping", async () => {
  await joined();
  await vi.advanceTimersByTimeAsync(5000);
  latest().say("pong", {}, latest().request("ping").id);
  await vi.advanceTimersByTimeAsync(5000 + 4000);
  expect(log).toEqual(["welcome", "attempt 1 in 50"]);
});

test("a wake does not wait long for a server that is silent", async () => {
  const signal = await joined();
  signal.wake();
  await vi.advanceTimersByTimeAsync(999);
  expect(log).toEqual(["welcome"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(log).toEqual(["welcome", "attempt 1 in 50"]);
});

test("bye says whether there is use in coming back", async () => {
  await joined();
  latest().say("bye", { code: "draining", text: "The server stops.", retry_after: 3000 });
  latest().onclose?.();
  await vi.advanceTimersByTimeAsync(3000);
  latest().welcome();
  latest().say("bye", { code: "removed", text: "A host removed you.", retry_after: -1 });
  latest().onclose?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(log).toEqual(["welcome", "attempt 1 in 3000", "welcome", "closed removed"]);
  expect(sockets.length).toBe(2);
});

test("leaving says so, closes the socket and is heard of once", async () => {
  const signal = await joined();
  signal.leave();
  signal.leave();
  latest().onclose?.();
  expect(latest().request("leave")).toBeDefined();
  expect(latest().closed).toBe(true);
  expect(log).toEqual(["welcome", "closed left"]);
  await expect(signal.request("ping", {})).rejects.toMatchObject({ code: "not_connected" });
});

test("what is not of the protocol is ignored", async () => {
  const signal = await joined();
  const slots = vi.fn();
  signal.on("slots", slots);
  latest().onmessage?.({ data: "{" });
  latest().onmessage?.({ data: "[]" });
  latest().onmessage?.({ data: '{"type":"future","data":{}}' });
  latest().say("slots", { slots: [{ slot: "4", status: "empty" }] });
  expect(slots).toHaveBeenCalledWith({ slots: [{ slot: "4", status: "empty" }] });
});
