// Where the pictures of a recording stand. Pure.

/** A rectangle in pixels of the recording. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The shape of a tile, and of pictures that are not known yet. */
const aspect = 16 / 9;
/** Of a recording with a screen in it, how much is the screen's. */
const stageShare = 0.8;

/** Fewer rows are taken as long as tiles keep this share of the largest size: two people look better side by side. */
const nearlyLargest = 0.92;

/** A grid of count tiles of one shape (width to height), as large as fit, centred, from the left and the top. */
export function gridLayout(count: number, area: Rect, gap: number, shape = aspect): Rect[] {
  let best = { columns: 1, rows: count, width: 0 };
  let largest = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const across = (area.width - gap * (columns - 1)) / columns;
    const down = ((area.height - gap * (rows - 1)) / rows) * shape;
    const width = Math.floor(Math.min(across, down));
    if (width > largest || (rows < best.rows && width >= largest * nearlyLargest)) best = { columns, rows, width };
    largest = Math.max(largest, width);
  }
  const { columns, rows, width } = best;
  const height = Math.floor(width / shape);
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
    const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
    return { x: Math.round(left + (i % columns) * (width + gap)), y: Math.round(top + row * (height + gap)), width, height };
  });
}

/** Screens at the left, in the larger part, and everybody in a column beside them; without screens a grid. */
export function stageLayout(screens: number, people: number, area: Rect, gap: number): { screens: Rect[]; people: Rect[] } {
  if (screens === 0) return { screens: [], people: gridLayout(people, area, gap) };
  if (people === 0) return { screens: gridLayout(screens, area, gap), people: [] };
  const split = Math.round(area.width * stageShare);
  return {
    screens: gridLayout(screens, { ...area, width: split - gap }, gap),
    people: gridLayout(people, { ...area, x: area.x + split, width: area.width - split }, gap),
  };
}

/** The part of a picture that fills a rectangle; what sticks out is cut off on both sides. */
export function cover(width: number, height: number, into: Rect): Rect {
  const scale = Math.max(into.width / width, into.height / height);
  const w = into.width / scale;
  const h = into.height / scale;
  return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
}

/** Where a whole picture stands within a rectangle. */
export function contain(width: number, height: number, into: Rect): Rect {
  const scale = Math.min(into.width / width, into.height / height);
  const w = width * scale;
  const h = height * scale;
  return { x: into.x + (into.width - w) / 2, y: into.y + (into.height - h) / 2, width: w, height: h };
}
