// Media files, judged by another program than a browser.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

/** Lets ffmpeg, where it is installed, decode a whole recording: there must be pictures and sound in it. */
export function decodes(content) {
  let out;
  try {
    out = execFileSync("ffprobe", [
      "-v", "error", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames", "-of", "csv=p=0", "-",
    ], { input: content, encoding: "utf8" });
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  for (const kind of ["video", "audio"]) {
    const frames = Number(out.split("\n").find((line) => line.startsWith(kind))?.split(",")[1] ?? 0);
    assert.ok(frames >= 10, `${frames} frames of ${kind}: ${out}`);
  }
}
