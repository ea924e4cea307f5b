// Drawn people, for stories: nobody's face is in the repository.

interface Look {
  wall: string;
  light: string;
  skin: string;
  hair: string;
  shirt: string;
  long: boolean;
}

const looks: readonly Look[] = [
  { wall: "#c9d3cf", light: "#dfe6e2", skin: "#e8bd9a", hair: "#3a2a22", shirt: "#35577d", long: true },
  { wall: "#d8cbb8", light: "#e8dfd1", skin: "#c98f68", hair: "#1f1a18", shirt: "#8a4b3c", long: false },
  { wall: "#b8c4d6", light: "#d0d9e6", skin: "#f0cbb0", hair: "#8a5a2b", shirt: "#e9e4da", long: true },
  { wall: "#cfc6d4", light: "#e2dbe6", skin: "#8d5a3c", hair: "#17130f", shirt: "#c79a3b", long: false },
  { wall: "#c4cfb9", light: "#dae2d1", skin: "#efc7a4", hair: "#22201f", shirt: "#4c5f4a", long: false },
  { wall: "#d6c3bd", light: "#e8dad5", skin: "#d9a179", hair: "#5b2f1f", shirt: "#2f3b4b", long: true },
  { wall: "#bccbd0", light: "#d4dfe3", skin: "#f3d3ba", hair: "#b9b3aa", shirt: "#5a4a6a", long: false },
  { wall: "#d4cfc0", light: "#e6e2d7", skin: "#a86f49", hair: "#2a1c14", shirt: "#3f7a72", long: true },
];

/** Draws a person at a desk. t moves a little, in seconds. */
export function drawPortrait(context: CanvasRenderingContext2D, index: number, t: number): void {
  const { width: w, height: h } = context.canvas;
  const look = looks[index % looks.length];
  if (!look) return;
  const sway = Math.sin(t / 2 + index) * h * 0.004;
  const [x, u] = [w * (0.5 + 0.03 * Math.sin(index * 2.4)), h];
  const fill = (colour: string): void => {
    context.fillStyle = colour;
  };
  const ellipse = (cx: number, cy: number, rx: number, ry: number): void => {
    context.beginPath();
    context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
    context.fill();
  };
  fill(look.wall);
  context.fillRect(0, 0, w, h);
  fill(look.light);
  const left = index % 2 === 0 ? 0.08 : 0.7;
  context.fillRect(w * left, 0, w * 0.22, h * 0.62);
  context.save();
  context.translate(0, sway);
  if (look.long) {
    fill(look.hair);
    context.beginPath();
    context.roundRect(x - u * 0.19, u * 0.26, u * 0.38, u * 0.46, u * 0.17);
    context.fill();
  }
  fill(look.skin);
  context.fillRect(x - u * 0.065, u * 0.55, u * 0.13, u * 0.2);
  fill(look.shirt);
  context.beginPath();
  context.roundRect(x - u * 0.34, u * 0.7, u * 0.68, u * 0.5, u * 0.2);
  context.fill();
  fill(look.skin);
  ellipse(x, u * 0.71, u * 0.07, u * 0.05);
  fill(look.hair);
  ellipse(x, u * 0.36, u * 0.158, u * 0.175);
  fill(look.skin);
  ellipse(x, u * 0.43, u * 0.135, u * 0.175);
  fill(look.hair);
  context.beginPath();
  context.ellipse(x, u * 0.345, u * 0.14, u * 0.095, index % 3 === 0 ? 0.12 : -0.1, Math.PI, 2 * Math.PI);
  context.fill();
  fill("#2b2320");
  ellipse(x - u * 0.052, u * 0.43, u * 0.0115, u * 0.0135);
  ellipse(x + u * 0.052, u * 0.43, u * 0.0115, u * 0.0135);
  context.strokeStyle = "#2b2320";
  context.lineWidth = u * 0.008;
  context.lineCap = "round";
  context.beginPath();
  context.arc(x, u * 0.487, u * 0.042, 0.2 * Math.PI, 0.8 * Math.PI);
  context.stroke();
  context.restore();
}

/** Draws everybody in one picture, somewhat as the server does. */
export function drawEverybody(context: CanvasRenderingContext2D, count: number, names: readonly string[], t: number): void {
  const { width, height } = context.canvas;
  const columns = Math.ceil(Math.sqrt(count));
  const [w, h] = [Math.floor(width / columns), Math.floor(height / columns)];
  const rows = Math.ceil(count / columns);
  context.fillStyle = "#101214";
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < count; i++) {
    const tile = document.createElement("canvas");
    [tile.width, tile.height] = [w - 4, h - 4];
    const inner = tile.getContext("2d");
    if (!inner) return;
    drawPortrait(inner, i, t);
    inner.font = "600 18px sans-serif";
    inner.fillStyle = "#101214c7";
    inner.fillRect(8, h - 42, inner.measureText(names[i % names.length] ?? "").width + 16, 30);
    inner.fillStyle = "#f2f3f5";
    inner.fillText(names[i % names.length] ?? "", 16, h - 21);
    context.drawImage(tile, (i % columns) * w + 2, Math.floor(i / columns) * h + 2 + ((columns - rows) * h) / 2);
  }
}

/** Draws a page of notes, as on a shared screen. */
export function drawScreen(context: CanvasRenderingContext2D): void {
  const { width: w, height: h } = context.canvas;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, w, h);
  context.fillStyle = "#eef0f3";
  context.fillRect(0, 0, w, h * 0.07);
  context.fillRect(0, 0, w * 0.18, h);
  context.fillStyle = "#1b1d20";
  context.font = `600 ${h * 0.05}px Inter, sans-serif`;
  context.fillText("Autumn programme", w * 0.23, h * 0.19);
  context.fillStyle = "#c4c9d0";
  for (let i = 0; i < 9; i++) context.fillRect(w * 0.23, h * (0.26 + i * 0.05), w * (0.62 - 0.13 * ((i * 7) % 4)), h * 0.014);
  context.fillStyle = "#b86e00";
  [0.3, 0.52, 0.41, 0.72, 0.6, 0.85].forEach((v, i) => context.fillRect(w * (0.24 + i * 0.1), h * (0.94 - v * 0.2), w * 0.06, h * v * 0.2));
}

/** A live picture that draw paints five times a second. */
export function paintedTrack(width: number, height: number, draw: (context: CanvasRenderingContext2D, t: number) => void): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const [track] = canvas.captureStream(5).getVideoTracks();
  if (!context || !track) throw new Error("BUG: this browser can't capture a canvas");
  const paint = (): void => draw(context, performance.now() / 1000);
  paint();
  setInterval(paint, 200);
  return track;
}
