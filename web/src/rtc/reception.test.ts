import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Events } from "../protocol/events";
import type { Member, Path, SlotState, Track, View } from "../protocol/messages";
import { emptyRoom } from "../protocol/room-state";
import type { AudioOutputs } from "./audio-outputs";
import type { DirectLink, DirectLinkEvents } from "./direct-link";
import type { DirectPeer } from "./direct-peer";
import { nobody, RemoteParticipantEntry } from "./participants";
import { Reception } from "./reception";
import { Roster } from "./roster";
import type { ServerPeer, Slot } from "./server-peer";
import type { LivePath, SendOrigin } from "./types";

/** A receiver that decodes while it is told to. */
class FakeReceiver {
  flowing = false;
  private count = 0;
  readonly track: MediaStreamTrack;

  constructor(kind: "audio" | "video", readonly name: string) {
    this.track = { kind, id: name } as MediaStreamTrack;
  }

  async getStats(): Promise<Map<string, unknown>> {
    if (this.flowing) this.count += 1;
    return new Map([["x", { type: "inbound-rtp", framesDecoded: this.count, jitterBufferEmittedCount: this.count }]]);
  }
}

class FakeDirect extends Events<DirectLinkEvents> {
  stopping = false;
  suspect = false;
  readonly receivers = new Map<SendOrigin, FakeReceiver>([
    ["microphone", new FakeReceiver("audio", "direct mic")],
    ["camera", new FakeReceiver("video", "direct cam")],
  ]);
  told: LivePath[] = [];
  peer: DirectPeer | null = null;

  open(): void {
    const { told, receivers } = this;
    this.peer = {
      isOpen: true,
      member: "li",
      peerPath: "sfu",
      receiver: (origin: SendOrigin) => receivers.get(origin) ?? null,
      setPath: (path: LivePath) => told.at(-1) !== path && told.push(path),
    } as unknown as DirectPeer;
    this.emit("changed");
  }

  flow(on: boolean): void {
    for (const receiver of this.receivers.values()) receiver.flowing = on;
  }
}

const li: Member = { ...nobody, id: "li", name: "Li" };
const mic: Track = { id: "mic", member: "li", kind: "audio", origin: "microphone", muted: false };
const cam: Track = { id: "cam", member: "li", kind: "video", origin: "camera", muted: false };

/** One page in a call of two, with a server and another browser that do as the test says. */
class Page {
  path: Path = "sfu";
  readonly direct = new FakeDirect();
  readonly slots: Slot[] = [
    { mid: "4", kind: "audio", receiver: new FakeReceiver("audio", "slot 4") as unknown as RTCRtpReceiver },
    { mid: "7", kind: "video", receiver: new FakeReceiver("video", "slot 7") as unknown as RTCRtpReceiver },
    { mid: "8", kind: "video", receiver: new FakeReceiver("video", "slot 8") as unknown as RTCRtpReceiver },
  ];
  readonly views: View[] = [];
  readonly log: string[] = [];
  heard: string[] = [];
  readonly roster = new Roster(new RemoteParticipantEntry());
  readonly reception = new Reception({
    roster: this.roster,
    link: this.direct as unknown as DirectLink,
    outputs: {
      set: (tracks: ReadonlyMap<MediaStreamTrack, boolean>) => {
        this.heard = [...tracks].filter(([, audible]) => audible).map(([track]) => track.id);
      },
    } as unknown as AudioOutputs,
    server: () => ({ slots: this.slots }) as unknown as ServerPeer,
    path: () => this.path,
    send: async (view) => this.views.push(view),
  });

  constructor() {
    this.reception.on("trackPathChanged", ({ track, from, to }) => this.log.push(`${track.id}: ${from} → ${to}`));
    this.reception.on("upIdle", (idle) => this.log.push(idle ? "up idle" : "up busy"));
    this.room([mic, cam]);
  }

  room(tracks: Track[]): void {
    this.roster.update({ ...emptyRoom, members: new Map([["li", { ...li, tracks }]]) }, "me");
    this.reception.update();
  }

  slot(mid: string, track: string, status: SlotState["status"]): void {
    const receiver = this.slots.find((s) => s.mid === mid)?.receiver as unknown as FakeReceiver;
    receiver.flowing = status === "live";
    this.reception.setSlots([{ slot: mid, track, status }]);
  }

  show(...tracks: string[]): void {
    this.reception.setWishes(tracks.map((track) => ({ track, width: 640, height: 360 })));
  }

  get lastView(): View | undefined {
    return this.views.at(-1);
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(500);

/** A call through the server, as it is when a direct connection begins. */
async function throughServer(): Promise<Page> {
  const page = new Page();
  page.show("cam");
  page.slot("7", "cam", "live");
  page.slot("4", "mic", "live");
  await settle();
  page.log.length = 0;
  return page;
}

async function directly(): Promise<Page> {
  const page = await throughServer();
  page.direct.open();
  page.direct.flow(true);
  await settle();
  page.path = "p2p";
  page.reception.update();
  await settle();
  // The server sends nothing any more; what it said last of the slots is stale.
  for (const { receiver } of page.slots) (receiver as unknown as FakeReceiver).flowing = false;
  page.log.length = 0;
  return page;
}

test("shows a track from the slot that the server fills", async () => {
  const page = new Page();
  page.show("cam");
  await settle();
  expect(page.lastView).toEqual({ slots: [{ slot: "7", track: "cam", width: 640, height: 368 }] });
  page.slot("7", "cam", "waiting");
  expect(page.log).toEqual([]);
  page.slot("7", "cam", "live");
  page.slot("4", "mic", "live");
  expect(page.log).toEqual(["cam: null → sfu", "mic: null → sfu"]);
  expect(page.heard).toEqual(["slot 4"]);
});

test("to p2p: nothing leaves the server's path before the direct one flows", async () => {
  const page = await throughServer();
  page.direct.open();
  await settle();
  expect(page.reception.directFlows("li")).toBe(false);
  page.path = "p2p";
  page.reception.update();
  await settle();
  expect(page.log).toEqual([]);
  expect(page.lastView?.slots.length).toBe(1);
  expect(page.direct.told).toEqual(["sfu"]);

  page.direct.flow(true);
  await settle();
  expect(page.log).toEqual(["mic: sfu → p2p", "cam: sfu → p2p"]);
  expect(page.heard).toEqual(["direct mic"]);
  expect(page.lastView).toEqual({ slots: [], quiet: true });
  expect(page.direct.told).toEqual(["sfu", "p2p"]);
  // One's own media to the server are needed until the other has switched as well.
  expect(page.reception.upIdle).toBe(false);
  Object.assign(page.direct.peer!, { peerPath: "p2p" });
  page.direct.emit("changed");
  expect(page.log.at(-1)).toBe("up idle");
});

test("back to sfu: the direct picture stays until the slot's has come", async () => {
  const page = await directly();
  page.path = "sfu";
  page.reception.update();
  await settle();
  expect(page.lastView?.slots.length).toBe(1);
  expect(page.lastView?.quiet).toBeUndefined();
  expect(page.direct.told.at(-1)).toBe("sfu");
  page.slot("7", "cam", "waiting");
  await settle();
  expect(page.log).toEqual([]);
  expect(page.reception.directInUse()).toBe(true);
  // Sound and picture switch each when they are ready.
  page.slot("4", "mic", "live");
  await settle();
  page.slot("7", "cam", "live");
  expect(page.log).toEqual(["mic: p2p → sfu"]);
  await settle();
  expect(page.log).toEqual(["mic: p2p → sfu", "cam: p2p → sfu"]);
  expect(page.heard).toEqual(["slot 4"]);
  expect(page.reception.directInUse()).toBe(false);
});

test("a stopped connection counts as left before the room says so", async () => {
  const page = await directly();
  page.direct.stopping = true;
  page.direct.emit("changed");
  await settle();
  expect(page.lastView?.slots.length).toBe(1);
});

test("while a connection is suspect the server's path is made ready, and left again when it was nothing", async () => {
  const page = await directly();
  Object.assign(page.direct.peer!, { peerPath: "p2p" });
  page.direct.suspect = true;
  page.direct.emit("changed");
  await settle();
  expect(page.reception.upIdle).toBe(false);
  expect(page.lastView).toMatchObject({ slots: [{ track: "cam" }] });
  expect(page.lastView?.quiet).toBeUndefined();
  page.direct.suspect = false;
  page.direct.emit("changed");
  await settle();
  expect(page.log).toEqual(["up idle"]);
  expect(page.lastView).toEqual({ slots: [], quiet: true });
});

test("a broken connection leaves the last picture until the server's comes", async () => {
  const page = await directly();
  page.direct.flow(false);
  page.path = "sfu";
  page.reception.update();
  await settle();
  expect(page.log).toEqual([]);
  page.slot("7", "cam", "live");
  await settle();
  expect(page.log).toEqual(["cam: p2p → sfu"]);
});

test("muted tracks hold nothing up", async () => {
  const page = await throughServer();
  page.room([{ ...mic, muted: true }, { ...cam, muted: true }]);
  page.direct.open();
  expect(page.reception.directFlows("li")).toBe(true);
  page.path = "p2p";
  page.reception.update();
  await settle();
  expect(page.direct.told.at(-1)).toBe("p2p");
});

test("a track published during a direct call does not wake the server's path", async () => {
  const page = await directly();
  page.direct.receivers.set("screen", new FakeReceiver("video", "direct screen"));
  const screen: Track = { ...cam, id: "scr", origin: "screen" };
  page.room([mic, cam, screen]);
  page.show("cam", "scr");
  await settle();
  expect(page.lastView).toEqual({ slots: [], quiet: true });
  expect(page.direct.told.at(-1)).toBe("p2p");
  page.direct.flow(true);
  await settle();
  expect(page.log).toEqual(["scr: null → p2p"]);
});

test("what the direct connection can't carry comes through the server meanwhile", async () => {
  const page = await directly();
  page.room([mic, cam, { ...cam, id: "film", origin: "other" }]);
  page.show("cam", "film");
  await settle();
  expect(page.lastView?.slots.map((s) => s.track)).toEqual(["film"]);
});

test("a slot that is given to another track is watched anew", async () => {
  const page = await throughServer();
  page.room([mic, cam, { ...cam, id: "scr", origin: "screen" }]);
  page.show("scr");
  await settle();
  expect(page.lastView?.slots).toMatchObject([{ slot: "7", track: "scr" }]);
  page.slot("7", "scr", "waiting");
  expect(page.log).toEqual(["cam: sfu → null"]);
  page.slot("7", "scr", "live");
  expect(page.log.at(-1)).toBe("scr: null → sfu");
});

test("asks for slots that are missing", async () => {
  const page = new Page();
  const missing = vi.fn();
  page.reception.on("slotsMissing", missing);
  page.room([mic, cam, { ...cam, id: "b" }, { ...cam, id: "c" }]);
  page.show("cam", "b", "c");
  expect(missing).toHaveBeenCalledWith(1);
});
