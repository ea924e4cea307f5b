// Where tiles stand on the stage. Pure.

import { contain, gridLayout, type Rect } from "../../rtc/picture-layout";

export type { Rect };

/** The stage, in CSS pixels. */
export interface Stage {
  width: number;
  height: number;
}

/** Where everything stands. */
export interface Places {
  screens: Rect[];
  people: Rect[];
}

/** Tiles on one page. */
export const pageSize = 16;
/** Between tiles, in CSS pixels. */
export const gap = 8;

/** Shapes of tiles, width to height: wide, but less so on a phone held upright. */
export const shapes = { wide: 16 / 9, phone: 4 / 3 } as const;
/** How much of the stage people beside a screen take, as long as they fit. */
const strip = 0.2;
const minStrip = 144;

/**
 * Screens take the larger part, people stand beside them or, where the stage
 * is tall, below. Without screens people have it all. shape and screenShape
 * are width to height of people's tiles and of the shared pictures.
 */
export function placeTiles(
  stage: Stage,
  people: number,
  screens: number,
  shape: number = shapes.wide,
  screenShape: number = shapes.wide,
): Places {
  const all = { x: 0, y: 0, ...stage };
  if (screens === 0) return { screens: [], people: gridLayout(people, all, gap, shape) };
  if (people === 0) return { screens: gridLayout(screens, all, gap, screenShape), people: [] };
  if (stage.width >= stage.height) {
    const side = Math.min(Math.max(Math.round(stage.width * strip), minStrip), stage.width / 2);
    const rest = stage.width - side - gap;
    return {
      screens: gridLayout(screens, { ...all, width: rest }, gap, screenShape),
      people: gridLayout(people, { ...all, x: rest + gap, width: side }, gap, shape),
    };
  }
  // Tall: the screen over the whole width, people in what is left.
  const whole = contain(screenShape, 1, { ...all, height: stage.height * (1 - strip) - gap });
  const top = Math.ceil(Math.min(stage.height * (1 - strip), whole.height * screens + gap * (screens - 1)));
  return {
    screens: gridLayout(screens, { ...all, height: top }, gap, screenShape),
    people: gridLayout(people, { ...all, y: top + gap, height: stage.height - top - gap }, gap, shape),
  };
}

/** How wide one's own picture in the corner is: a share of the stage, within bounds. */
const corner = { share: 0.12, least: 104, most: 208 } as const;

/** Where the program's picture stands: whole, as large as it fits. */
export function programPlace(stage: Stage, width: number, height: number): Rect {
  const { x, y, width: w, height: h } = contain(width || shapes.wide, height || 1, { x: 0, y: 0, ...stage });
  return { x: Math.round(x), y: Math.round(y), width: Math.round(w), height: Math.round(h) };
}

/** Where one's own picture stands beside the program: in the upper right corner, where it covers least. */
export function cornerPlace(stage: Stage, shape: number = shapes.wide): Rect {
  const width = Math.round(Math.min(Math.max(stage.width * corner.share, corner.least), corner.most, stage.width / 2));
  return { x: stage.width - width - gap, y: gap, width, height: Math.round(width / shape) };
}

/** How many pages there are for so many people, and the page that is shown if it was wished for. */
export function pageOf(people: number, wished: number): { page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(people / pageSize));
  return { page: Math.min(Math.max(0, wished), pages - 1), pages };
}

/** A rectangle on the way from one to the other; at goes from 0 to 1. */
export function between(from: Rect, to: Rect, at: number): Rect {
  const mix = (a: number, b: number): number => a + (b - a) * at;
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), width: mix(from.width, to.width), height: mix(from.height, to.height) };
}
