import { describe, expect, it } from "vitest";
import { between, cornerPlace, gap, pageOf, pageSize, placeTiles, programPlace, shapes, type Rect, type Stage } from "./places";

const desk: Stage = { width: 1424, height: 816 };
const phone: Stage = { width: 344, height: 656 };

function inside({ x, y, width, height }: Rect, stage: Stage): boolean {
  return x >= 0 && y >= 0 && x + width <= stage.width && y + height <= stage.height;
}

function apart(a: Rect, b: Rect): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

describe("placeTiles", () => {
  const stages: [Stage, number][] = [[desk, shapes.wide], [phone, shapes.phone], [{ width: 728, height: 940 }, shapes.wide], [{ width: 700, height: 260 }, shapes.wide]];

  it("keeps every tile on the stage, apart from the others and in shape, up to a whole page", () => {
    for (const [stage, shape] of stages) {
      for (let people = 1; people <= pageSize; people++) {
        for (let screens = 0; screens <= 2; screens++) {
          const places = placeTiles(stage, people, screens, shape);
          const all = [...places.screens, ...places.people];
          expect(all).toHaveLength(people + screens);
          for (const place of all) expect(inside(place, stage)).toBe(true);
          all.forEach((a, i) => all.slice(i + 1).forEach((b) => expect(apart(a, b)).toBe(true)));
          for (const { width, height } of places.people) expect(Math.abs(width / height - shape)).toBeLessThan(0.1);
        }
      }
    }
  });

  it("sets two people side by side on a desk, one above the other on a phone", () => {
    const [left, right] = placeTiles(desk, 2, 0).people;
    expect(left?.y).toBe(right?.y);
    const [upper, lower] = placeTiles(phone, 2, 0, shapes.phone).people;
    expect(upper?.x).toBe(lower?.x);
    expect(upper?.width).toBe(phone.width);
  });

  it("fills the width with three columns of nine people, and centres a last row that is not full", () => {
    const nine = placeTiles(desk, 9, 0).people;
    expect(new Set(nine.map((p) => p.x)).size).toBe(3);
    const five = placeTiles(desk, 5, 0).people;
    const last = five.filter((p) => p.y === five.at(-1)?.y);
    const middle = ((last[0]?.x ?? 0) + (last.at(-1)?.x ?? 0) + (last.at(-1)?.width ?? 0)) / 2;
    expect(Math.abs(middle - desk.width / 2)).toBeLessThanOrEqual(1);
  });

  it("gives a screen most of the stage, with people beside it on a desk and below it on a phone", () => {
    const wide = placeTiles(desk, 4, 1);
    const [screen] = wide.screens;
    expect(screen?.width).toBeGreaterThan(desk.width * 0.7);
    for (const person of wide.people) expect(person.x).toBeGreaterThanOrEqual((screen?.x ?? 0) + (screen?.width ?? 0) + gap);
    const tall = placeTiles(phone, 4, 1, shapes.phone);
    expect(tall.screens[0]?.width).toBe(phone.width);
    for (const person of tall.people) expect(person.y).toBeGreaterThanOrEqual((tall.screens[0]?.height ?? 0) + gap);
  });

  it("lets a screen keep its own shape", () => {
    const [screen] = placeTiles(desk, 3, 1, shapes.wide, 4 / 3).screens;
    expect((screen?.width ?? 0) / (screen?.height ?? 1)).toBeCloseTo(4 / 3, 1);
  });
});

describe("pageOf", () => {
  it("begins a second page with the seventeenth person, and falls back when people leave", () => {
    expect(pageOf(16, 0)).toEqual({ page: 0, pages: 1 });
    expect(pageOf(17, 1)).toEqual({ page: 1, pages: 2 });
    expect(pageOf(16, 1)).toEqual({ page: 0, pages: 1 });
    expect(pageOf(0, -3)).toEqual({ page: 0, pages: 1 });
  });
});

it("between starts at the one and ends at the other", () => {
  const a = { x: 0, y: 10, width: 100, height: 50 };
  const b = { x: 40, y: 30, width: 200, height: 100 };
  expect(between(a, b, 0)).toEqual(a);
  expect(between(a, b, 1)).toEqual(b);
  expect(between(a, b, 0.5)).toEqual({ x: 20, y: 20, width: 150, height: 75 });
});

describe("the program", () => {
  it("stands whole on the stage, as large as it fits", () => {
    expect(programPlace({ width: 1264, height: 714 }, 1280, 720)).toEqual({ x: 0, y: 2, width: 1264, height: 711 });
    expect(programPlace(phone, 1280, 720)).toEqual({ x: 0, y: 231, width: 344, height: 194 });
    // Before its size is known.
    expect(programPlace(phone, 0, 0)).toEqual(programPlace(phone, 1280, 720));
  });

  it("has one's own picture in a corner of the stage, within bounds", () => {
    for (const stage of [desk, phone, { width: 3840, height: 2000 }]) {
      const corner = cornerPlace(stage);
      expect(inside(corner, stage)).toBe(true);
      expect(corner.width).toBeGreaterThanOrEqual(104);
      expect(corner.width).toBeLessThanOrEqual(208);
    }
  });
});
