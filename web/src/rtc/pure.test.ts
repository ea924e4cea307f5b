import { expect, test } from "vitest";
import { sharedCodecs } from "./codecs";
import { captureError } from "./devices";
import { applyEncodings, cameraStreams, layersOf, serverEncodings } from "./encodings";
import { levelOf } from "./level-meter";
import { contain, cover, gridLayout, stageLayout } from "./picture-layout";
import { recordingName, recordingType } from "./recorder";

const area = { x: 0, y: 0, width: 1280, height: 720 };

test("an offer names what the server forwards, and no more", () => {
  const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({ mimeType, clockRate: 90000, ...(sdpFmtpLine && { sdpFmtpLine }) });
  const all = [
    codec("video/VP8"), codec("video/rtx"), codec("video/VP9", "profile-id=0"), codec("video/VP9", "profile-id=2"),
    codec("video/H264", "packetization-mode=1;profile-level-id=42e01f"), codec("video/H264", "packetization-mode=0;profile-level-id=42e01f"),
    codec("video/AV1", "level-idx=5;profile=0;tier=0"), codec("video/AV1", "level-idx=5;profile=1;tier=0"),
    codec("video/H265"), codec("video/red"), codec("video/ulpfec"), codec("audio/opus"), codec("audio/red"), codec("audio/PCMU"),
  ];
  expect(sharedCodecs(all).map((c) => all.indexOf(c))).toEqual([0, 1, 2, 4, 6, 11, 12]);
});

test("the camera has three streams whose sizes are announced", () => {
  expect(serverEncodings("camera").map((e) => [e.rid, e.scaleResolutionDownBy])).toEqual([["q", 4], ["h", 2], ["f", 1]]);
  const sizes = (w: number, h: number): string[] | undefined => layersOf("camera", w, h)?.map((l) => `${l.rid} ${l.width}×${l.height}`);
  expect(sizes(1280, 720)).toEqual(["q 320×180", "h 640×360", "f 1280×720"]);
  expect(sizes(640, 480)).toEqual(["q 320×240", "h 640×480"]);
  expect(sizes(320, 180)).toEqual(["q 320×180"]);
  expect(layersOf("screen", 1920, 1080)).toBeUndefined();
});

test("bitrates fit the sizes", () => {
  expect(cameraStreams(1280, 720).map((s) => s.bitrate)).toEqual([150_000, 510_000, 1_700_000]);
});

function parameters(encodings: RTCRtpEncodingParameters[]): RTCRtpSendParameters {
  return { transactionId: "", encodings, codecs: [], headerExtensions: [], rtcp: {} };
}

test("encodings follow the camera's size and what is wanted", () => {
  const camera = parameters(serverEncodings("camera"));
  const state = (): string => camera.encodings.map((e) => `${e.rid}${e.active ? `/${e.scaleResolutionDownBy}` : ""}`).join(" ");
  expect(applyEncodings(camera, { width: 1280, height: 720 }, null)).toBe(true);
  expect(state()).toBe("q/4 h/2 f/1");
  expect(applyEncodings(camera, { width: 1280, height: 720 }, null)).toBe(false);
  applyEncodings(camera, { width: 640, height: 480 }, null);
  expect(state()).toBe("q/2 h/1 f");
  applyEncodings(camera, { width: 640, height: 480 }, ["q"]);
  expect(state()).toBe("q/2 h f");
  applyEncodings(camera, { width: 1280, height: 720 }, []);
  expect(state()).toBe("q h f");
});

test("a single stream has no name, and runs while it is wanted", () => {
  const screen = parameters([{ active: true }]);
  expect(applyEncodings(screen, {}, [""])).toBe(false);
  expect(applyEncodings(screen, {}, [])).toBe(true);
  expect(screen.encodings[0]?.active).toBe(false);
});

test("faults of capture have codes that people's words can be found for", () => {
  const named = (name: string): string => captureError(Object.assign(new Error("why"), { name })).code;
  expect(["NotAllowedError", "NotReadableError", "NotFoundError", "TypeError"].map(named)).toEqual([
    "device_denied", "device_in_use", "device_none", "device_failed",
  ]);
});

test("levels are linear in decibels", () => {
  expect([-90, -60, -30, 0, 6].map(levelOf)).toEqual([0, 0, 0.5, 1, 1]);
});

test("tiles are as large as fit, in the middle, and none overlap", () => {
  expect(gridLayout(1, area, 8)).toEqual([area]);
  for (let n = 1; n <= 25; n++) {
    const tiles = gridLayout(n, area, 8);
    expect(tiles.length).toBe(n);
    for (const [i, a] of tiles.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= 1280 && a.y + a.height <= 720).toBe(true);
      for (const b of tiles.slice(i + 1)) {
        expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
      }
    }
  }
  const two = gridLayout(2, area, 8);
  expect(two[0]!.y).toBe(two[1]!.y);
});

test("a screen takes the larger part", () => {
  const { screens, people } = stageLayout(1, 3, area, 8);
  expect(screens[0]!.width).toBeGreaterThan(4 * people[0]!.width - 100);
  expect(people.every((p) => p.x > screens[0]!.x + screens[0]!.width)).toBe(true);
});

test("pictures fill tiles or stand whole", () => {
  expect(cover(640, 480, { x: 0, y: 0, width: 1280, height: 720 })).toEqual({ x: 0, y: 60, width: 640, height: 360 });
  expect(contain(640, 480, { x: 0, y: 0, width: 1280, height: 720 })).toEqual({ x: 160, y: 0, width: 960, height: 720 });
});

test("recordings are named for people and file systems", () => {
  const begun = new Date(2026, 10, 3, 9, 5, 7);
  expect(recordingName("合奏/hall", "video/webm;codecs=vp8", begun)).toBe("合奏_hall 2026-11-03 09.05.07.webm");
  expect(recordingName("", "video/mp4", begun)).toBe("tutti 2026-11-03 09.05.07.mp4");
  expect(recordingType((t) => t === "video/webm")).toBe("video/webm");
  expect(recordingType(() => false)).toBe("");
});
