// The smallest page that can be made of the rtc library: it shows every remote
// picture, each as large as a story wants it, or the program in their place, and
// does nothing by itself.

import { createRoom, Recorder } from "../../web/src/rtc";

const options = JSON.parse(new URLSearchParams(location.search).get("options") ?? "{}");
const room = createRoom({ statsInterval: 0, ...options });
const stage = document.querySelector("#stage");
const videos = new Map();
const sizes = new Map();
const traces = [];

function size(track) {
  return sizes.get(`${track.participant.name} ${track.origin}`) ?? { width: 320, height: 180 };
}

function render() {
  const tracks = room.participants.flatMap((p) => p.tracks).filter((t) => t.kind === "video" && !t.muted);
  for (const [track, video] of videos) {
    if (tracks.includes(track)) continue;
    track.detach(video);
    video.remove();
    videos.delete(track);
  }
  for (const track of tracks) {
    let video = videos.get(track);
    if (!video) {
      video = document.createElement("video");
      videos.set(track, video);
      stage.append(video);
      track.attach(video);
    }
    const { width, height } = size(track);
    Object.assign(video.style, { width: `${width}px`, height: `${height}px` });
  }
  const view = tracks.filter((t) => size(t).width > 0).map((track) => ({ track, ...size(track) }));
  room.setView([...view, { track: room.program.video, ...renderProgram() }]);
}

const programSize = { width: 640, height: 360 };

/**
 * Has the program's picture ready while it comes, and lets it cover the others' while it is to be shown, as the real
 * page does. Returns its size.
 */
function renderProgram() {
  const { video: track } = room.program;
  const shown = track.path !== null;
  let video = document.querySelector("video[data-program]");
  if (!shown && !track.mediaStreamTrack) {
    if (video) track.detach(video);
    video?.remove();
  } else if (!video) {
    video = document.createElement("video");
    video.dataset.program = "";
    Object.assign(video.style, { width: `${programSize.width}px`, height: `${programSize.height}px` });
    stage.append(video);
    track.attach(video);
  }
  for (const other of videos.values()) other.toggleAttribute("data-covered", shown);
  video?.toggleAttribute("data-covered", !shown);
  return programSize;
}

room.on("changed", render);
for (const event of [
  "connected", "disconnected", "reconnecting", "reconnected", "mediaStateChanged", "pathChanged", "error", "trace",
  "trackStatusChanged", "mutedByHost", "settingsChanged",
]) {
  room.on(event, (...args) => traces.push({ at: Math.round(performance.now()), event, args: args.map(brief) }));
}

function brief(value) {
  if (value instanceof Error) return `${value.code ?? value.name}: ${value.message}`;
  if (value && typeof value === "object" && "status" in value) return { track: value.id, status: value.status, path: value.path };
  if (value && typeof value === "object" && "id" in value) return value.id;
  return value;
}

globalThis.tutti = room;
globalThis.lab = {
  Recorder,
  traces,
  /** Shows a member's picture of an origin at this size, in device pixels; 0 for not at all. */
  show(name, origin, width, height) {
    sizes.set(`${name} ${origin}`, { width, height });
    render();
  },
};
