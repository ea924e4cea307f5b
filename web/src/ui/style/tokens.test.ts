import { describe, expect, it } from "vitest";

const sheets = import.meta.glob<string>("./*.css", { query: "?raw", import: "default", eager: true });
const tokens = sheets["./tokens.css"] ?? "";

type Rgb = [number, number, number];

/** A colour token in both looks. */
function token(name: string): { light: Rgb; dark: Rgb } {
  const [, value = ""] = new RegExp(`--${name}: ([^;]+);`).exec(tokens) ?? [];
  const [first, second = first] = [...value.matchAll(/#[0-9a-f]{6}/g)].map(([hex]) => hex);
  return { light: rgb(first), dark: rgb(second) };
}

function rgb(hex = "#000000"): Rgb {
  const at = (i: number): number => parseInt(hex.slice(i, i + 2), 16) / 255;
  return [at(1), at(3), at(5)];
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const at = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [at(0), at(8), at(4)];
}

describe("contrast of the tokens (WCAG 2.2, 1.4.3 and 1.4.11)", () => {
  const text: [string, string][] = [
    ["text", "ground"], ["text", "surface"], ["text", "raised"], ["text", "lifted"],
    ["quiet", "ground"], ["quiet", "surface"], ["quiet", "raised"],
    ["accent-text", "ground"], ["accent-text", "surface"], ["accent-text", "raised"],
    ["on-accent", "accent-fill"], ["on-accent", "accent-press"],
    ["on-danger", "danger-fill"], ["on-danger", "danger-press"],
    ["danger-text", "ground"], ["danger-text", "surface"], ["danger-text", "danger-tint"],
    ["good-text", "ground"], ["good-text", "surface"], ["warn-text", "ground"], ["warn-text", "surface"],
    ["on-plate", "plate"], ["plate-danger", "plate"], ["plate-accent", "plate"],
  ];
  it.each(text)("%s on %s can be read", (over, under) => {
    for (const look of ["light", "dark"] as const) expect(contrast(token(over)[look], token(under)[look])).toBeGreaterThanOrEqual(4.5);
  });

  const shapes: [string, string][] = [["accent", "ground"], ["accent", "surface"], ["edge", "ground"], ["edge", "surface"], ["danger", "surface"]];
  it.each(shapes)("%s on %s can be seen", (over, under) => {
    for (const look of ["light", "dark"] as const) expect(contrast(token(over)[look], token(under)[look])).toBeGreaterThanOrEqual(3);
  });

  it("initials can be read on every hue", () => {
    for (let hue = 0; hue < 360; hue += 5) expect(contrast(hsl(hue, 0.24, 0.34), token("on-initials").dark)).toBeGreaterThanOrEqual(4.5);
  });
});

it("has literal colours and sizes in tokens.css alone", () => {
  expect(tokens).not.toBe("");
  for (const [name, sheet] of Object.entries(sheets).filter(([n]) => n !== "./tokens.css")) {
    // Windows and containers are measured in pixels where they are asked.
    const rules = sheet.replace(/@(media|container)[^{]+/g, "").replace(/\/\*[^]*?\*\//g, "");
    expect(rules.match(/#[0-9a-f]{3,8}\b|\brgba?\(|\b\d*\.?\d+(px|rem)\b/gi) ?? [], name).toEqual([]);
  }
});
