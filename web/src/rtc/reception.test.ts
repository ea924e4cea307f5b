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
  /** Of the other. */
  otherPath: Path = "p2p";
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
    this.reception.on("programChanged", ({ video, audio }) => this.log.push(`program: ${video.path} ${audio.path}`));
    this.reception.on("upIdle", (idle) => this.log.push(idle ? "up idle" : "up busy"));
    this.room([mic, cam]);
  }

  room(tracks: Track[], ...others: Member[]): void {
    const members = [{ ...li, path: this.otherPath, tracks }, ...others];
    this.roster.update({ ...emptyRoom, members: new Map(members.map((m) => [m.id, m])) }, "me");
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

const program = "program-video";

/** A page that would show the other, or the program in its place. */
async function ableToShowBoth(begin: () => Promise<Page>): Promise<Page> {
  const page = await begin();
  page.show(program, "cam");
  await settle();
  page.log.length = 0;
  return page;
}

/** Through the server, then on the program. */
async function mixed(): Promise<Page> {
  const page = await ableToShowBoth(throughServer);
  page.path = "mcu";
  page.reception.update();
  page.slot("4", "program-audio", "live");
  page.slot("8", program, "live");
  await settle();
  page.slot("7", "", "empty");
  page.log.length = 0;
  return page;
}

test("the program is asked for on its path alone", async () => {
  const page = await ableToShowBoth(throughServer);
  expect(page.lastView?.slots.map((s) => s.track)).toEqual(["cam"]);
});

test("to mcu: the tiles stay until the program's picture flows", async () => {
  const page = await ableToShowBoth(throughServer);
  page.path = "mcu";
  page.reception.update();
  await settle();
  expect(page.lastView?.slots.map((s) => `${s.slot} ${s.track}`)).toEqual(["7 cam", "8 program-video"]);
  // The server gives the sound of all in the place of the voices, which are in it.
  page.slot("4", "program-audio", "waiting");
  page.slot("8", program, "waiting");
  await settle();
  expect(page.log).toEqual(["program: null mcu", "mic: sfu → null", "program: null mcu"]);
  expect(page.heard).toEqual(["slot 4"]);
  page.log.length = 0;
  page.slot("4", "program-audio", "live");
  page.slot("8", program, "live");
  expect(page.log.filter((line) => line.startsWith("cam"))).toEqual([]);
  await settle();
  expect(page.log.slice(-2)).toEqual(["program: mcu mcu", "cam: sfu → null"]);
  expect(page.lastView?.slots.map((s) => `${s.slot} ${s.track}`)).toEqual(["8 program-video"]);
  expect(page.heard).toEqual(["slot 4"]);
});

test("back from mcu: the program stays until each tile's picture flows", async () => {
  const page = await mixed();
  page.path = "sfu";
  page.reception.update();
  await settle();
  expect(page.lastView?.slots.map((s) => `${s.slot} ${s.track}`)).toEqual(["8 program-video", "7 cam"]);
  page.slot("4", "mic", "live");
  page.slot("7", "cam", "waiting");
  await settle();
  expect(page.log).toEqual(["program: mcu null", "mic: null → sfu"]);
  expect(page.heard).toEqual(["slot 4"]);
  page.slot("7", "cam", "live");
  await settle();
  expect(page.log.slice(2)).toEqual(["cam: null → sfu", "program: null null"]);
  expect(page.lastView?.slots.map((s) => s.track)).toEqual(["cam"]);
});

test("a tile that the line can't carry, or that never comes, does not hold the program up for long", async () => {
  const page = await mixed();
  page.path = "sfu";
  page.reception.update();
  page.slot("7", "cam", "paused");
  expect(page.roster.program.video.path).toBeNull();

  const other = await mixed();
  other.path = "sfu";
  other.reception.update();
  other.slot("7", "cam", "waiting");
  await vi.advanceTimersByTimeAsync(3000);
  expect(other.roster.program.video.path).toBe("mcu");
  await vi.advanceTimersByTimeAsync(2000);
  expect(other.roster.program.video.path).toBeNull();
});

test("from p2p to mcu: one is heard and seen directly until the program flows, and nobody is heard twice", async () => {
  const page = await ableToShowBoth(directly);
  page.path = "mcu";
  page.direct.stopping = true;
  page.reception.update();
  await settle();
  // The direct connection ends before long, and the program may be late.
  expect(page.lastView?.slots.map((s) => s.track)).toEqual([program, "cam"]);
  expect(page.direct.told.at(-1)).toBe("sfu");
  page.slot("4", "program-audio", "waiting");
  page.slot("8", program, "waiting");
  await settle();
  expect(page.heard).toEqual(["direct mic"]);
  expect(page.log.filter((line) => line.startsWith("cam") || line.startsWith("mic"))).toEqual([]);
  page.slot("4", "program-audio", "live");
  page.slot("8", program, "live");
  await settle();
  expect(page.heard).toEqual(["slot 4"]);
  expect(page.reception.directInUse()).toBe(false);
  expect(page.log.filter((line) => line.startsWith("cam") || line.startsWith("mic"))).toEqual(["mic: p2p → null", "cam: p2p → null"]);
});

test("from mcu to p2p: the program is left when the direct picture flows", async () => {
  const page = await mixed();
  page.direct.open();
  page.path = "p2p";
  page.reception.update();
  await settle();
  expect(page.roster.program.video.path).toBe("mcu");
  expect(page.direct.told.at(-1)).toBe("sfu");
  page.direct.flow(true);
  await settle();
  expect(page.roster.program.video.path).toBeNull();
  // The program's sound goes when the server has emptied its slot.
  expect(page.heard).toEqual(["slot 4"]);
  page.slot("4", "mic", "live");
  expect(page.heard).toEqual(["direct mic"]);
  await settle();
  expect(page.lastView).toEqual({ slots: [], quiet: true });
  expect(page.direct.told.at(-1)).toBe("p2p");
});

test("a program that this browser can't show leaves the tiles where they are", async () => {
  const page = await ableToShowBoth(throughServer);
  page.path = "mcu";
  page.reception.update();
  page.slot("8", program, "unsupported");
  await settle();
  expect(page.log.filter((line) => line.startsWith("cam"))).toEqual([]);
  expect(page.lastView?.slots.map((s) => s.track)).toContain("cam");
});

test("a program that ends leaves its last picture until the tiles flow", async () => {
  const page = await mixed();
  page.slot("8", program, "gone");
  await settle();
  expect(page.roster.program.video.path).toBe("mcu");
  page.slot("8", "", "empty");
  expect(page.roster.program.video).toMatchObject({ path: "mcu", status: "empty" });
  page.path = "sfu";
  page.reception.update();
  await settle();
  expect(page.lastView?.slots.map((s) => s.track)).toEqual([program, "cam"]);
  page.slot("7", "cam", "live");
  await settle();
  expect(page.roster.program.video.path).toBeNull();
  expect(page.log.at(-1)).toBe("program: null mcu");
});

test("a direct connection that ends before the program flows is followed by the server's pictures", async () => {
  const page = await ableToShowBoth(directly);
  page.path = "mcu";
  page.direct.stopping = true;
  page.reception.update();
  page.slot("7", "cam", "live");
  page.slot("8", program, "waiting");
  await settle();
  page.direct.peer = null;
  page.direct.emit("changed");
  expect(page.log.filter((line) => line.startsWith("cam"))).toEqual(["cam: p2p → sfu"]);
});

test("a page that shows no program goes on with its tiles, and hears the mix", async () => {
  const page = await throughServer();
  page.path = "mcu";
  page.reception.update();
  page.slot("4", "program-audio", "live");
  await settle();
  expect(page.lastView?.slots.map((s) => s.track)).toEqual(["cam"]);
  expect(page.heard).toEqual(["slot 4"]);
});

test("the program that stops when the line gives out is shown on, and the tiles are not asked for", async () => {
  const page = await mixed();
  page.slot("8", program, "paused");
  await settle();
  expect(page.roster.program.video).toMatchObject({ path: "mcu", status: "paused" });
  expect(page.lastView?.slots.map((s) => s.track)).toEqual([program]);
});

test("two who talk directly go on sending to the server while somebody watches", async () => {
  const page = await directly();
  Object.assign(page.direct.peer!, { peerPath: "p2p" });
  page.direct.emit("changed");
  expect(page.reception.upIdle).toBe(true);
  const viewer: Member = { ...nobody, id: "vi", name: "Vi", viewer: true, path: "mcu", reason: "viewer" };
  page.room([mic, cam], viewer);
  expect(page.reception.upIdle).toBe(false);
  page.room([mic, cam]);
  expect(page.reception.upIdle).toBe(true);
});

test("the program is asked for first, and a slot is added where all are in use", async () => {
  const page = await throughServer();
  page.room([mic, cam, { ...cam, id: "b" }]);
  page.show("cam", "b", program);
  page.slot("8", "b", "live");
  await settle();
  const missing = vi.fn();
  page.reception.on("slotsMissing", missing);
  page.path = "mcu";
  page.reception.update();
  expect(missing).toHaveBeenCalledWith(1);
  page.slots.push({ mid: "9", kind: "video", receiver: new FakeReceiver("video", "slot 9") as unknown as RTCRtpReceiver });
  page.reception.update();
  await settle();
  expect(page.lastView?.slots.map((s) => `${s.slot} ${s.track}`)).toEqual(["7 cam", "8 b", "9 program-video"]);
});

test("a connection that is made anew begins with the program, not with the tiles", async () => {
  const page = await mixed();
  const fresh = page.slots.map((s) => ({ ...s, receiver: new FakeReceiver(s.kind, `new ${s.mid}`) as unknown as RTCRtpReceiver }));
  page.slots.splice(0, page.slots.length, ...fresh);
  page.reception.reset(true);
  await settle();
  expect(page.roster.program.video.path).toBeNull();
  expect(page.lastView?.slots.map((s) => s.track)).toEqual([program]);
});
