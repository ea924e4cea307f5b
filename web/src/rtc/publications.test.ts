import { expect, test } from "vitest";
import { SignalError } from "../protocol/messages";
import { LocalTrackEntry } from "./local-track";
import { Publications } from "./publications";
import type { SendOrigin } from "./types";

/** A server that keeps what it is told, and a page's tracks. */
class Stage {
  readonly tracks = new Map<SendOrigin, LocalTrackEntry>();
  readonly log: string[] = [];
  readonly layers: string[] = [];
  refuse: SignalError | null = null;
  negotiated = true;
  private lastId = 0;
  private readonly ids = new Map<string, string>();
  readonly publications = new Publications({
    track: (origin) => this.tracks.get(origin),
    mid: () => (this.negotiated ? "1" : null),
    publish: async ({ origin, muted, mid, layers }) => {
      this.log.push(`publish ${origin} on ${mid}${muted ? " muted" : ""}`);
      if (this.refuse) throw this.refuse;
      if (layers?.[0]?.width) this.layers.push(layers.map((l) => `${l.rid}${l.width}`).join(" "));
      const id = this.ids.get(origin) ?? `t${++this.lastId}`;
      this.ids.set(origin, id);
      return { track: { id, member: "me", kind: "video", origin, muted } };
    },
    unpublish: async (track) => {
      this.ids.clear();
      this.log.push(`unpublish ${track}`);
    },
    mute: async (track, muted) => this.log.push(`${muted ? "mute" : "unmute"} ${track}`),
    published: (track) => this.log.push(`published ${track.id}`),
    unpublished: () => this.log.push("unpublished"),
  });

  forget(): void {
    this.ids.clear();
  }

  add(origin: SendOrigin): LocalTrackEntry {
    const track = new LocalTrackEntry(origin, () => undefined);
    this.tracks.set(origin, track);
    return track;
  }
}

function media(width: number, height: number): MediaStreamTrack {
  return { getSettings: () => ({ width, height }) } as MediaStreamTrack;
}

test("publishes, mutes and ends a track, one step at a time", async () => {
  const stage = new Stage();
  const camera = stage.add("camera");
  const first = stage.publications.sync("camera");
  // Muted before the reply came: told afterwards.
  await Promise.resolve();
  await Promise.resolve();
  camera.setMuted(true);
  await first;
  expect(stage.log).toEqual(["publish camera on 1", "published t1", "mute t1"]);
  stage.tracks.delete("camera");
  await stage.publications.sync("camera");
  expect(stage.log.slice(3)).toEqual(["unpublish t1", "unpublished"]);
});

test("nothing is said before the m-lines are known, and nothing twice", async () => {
  const stage = new Stage();
  stage.negotiated = false;
  stage.add("camera");
  await stage.publications.sync("camera");
  expect(stage.log).toEqual([]);
  stage.negotiated = true;
  await Promise.all([stage.publications.sync("camera"), stage.publications.sync("camera")]);
  expect(stage.log).toEqual(["publish camera on 1", "published t1"]);
});

test("a new track of the same origin ends the old one", async () => {
  const stage = new Stage();
  stage.add("screen");
  await stage.publications.sync("screen");
  stage.add("screen");
  await stage.publications.sync("screen");
  expect(stage.log.slice(2)).toEqual(["unpublish t1", "unpublished", "publish screen on 1", "published t2"]);
});

test("a refusal reaches the caller, and the next attempt is made", async () => {
  const stage = new Stage();
  stage.add("camera");
  stage.refuse = new SignalError("full", "Too many tracks.");
  await expect(stage.publications.sync("camera")).rejects.toMatchObject({ code: "full" });
  stage.refuse = null;
  await stage.publications.sync("camera");
  expect(stage.log.at(-1)).toBe("published t1");
});

test("a camera of another size is announced anew as the same track", async () => {
  const stage = new Stage();
  const camera = stage.add("camera");
  camera.setMedia(media(1280, 720), false);
  await stage.publications.sync("camera");
  camera.setMedia(media(640, 480), false);
  await stage.publications.sync("camera");
  expect(stage.log).toEqual(["publish camera on 1", "published t1", "publish camera on 1"]);
  expect(stage.layers).toEqual(["q320 h640 f1280", "q320 h640"]);
  // Turned off it has no size, which is no news.
  camera.setMedia(null, false);
  await stage.publications.sync("camera");
  expect(stage.log.length).toBe(3);
});

test("after a new membership everything is published again", async () => {
  const stage = new Stage();
  const camera = stage.add("camera");
  await stage.publications.sync("camera");
  stage.publications.reset();
  stage.forget();
  expect(camera.id).toBe("");
  await stage.publications.sync("camera");
  expect(camera.id).toBe("t2");
});

test("a host's mute is told from one's own", async () => {
  const stage = new Stage();
  const camera = stage.add("camera");
  await stage.publications.sync("camera");
  expect(stage.publications.mutedThere("t1")).toBe(camera);
  expect(camera.muted).toBe(true);
  // The event repeats it, and one's own mutes come back as events too.
  expect(stage.publications.mutedThere("t1")).toBeNull();
  camera.setMuted(false);
  await stage.publications.sync("camera");
  expect(stage.log.at(-1)).toBe("unmute t1");
});
