import { expect, it } from "vitest";
import { catalogues, chooseLanguage } from ".";
import { pluralIn } from "./plural";

/** Every string of a catalogue by its path; functions are called with numbers and names. */
function strings(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return strings((value as (...args: unknown[]) => unknown)(2, 3), path);
  return Object.entries(value as object).flatMap(([key, inner]) => strings(inner, path ? `${path}.${key}` : key));
}

const en = new Map(strings(catalogues.en));
const zh = new Map(strings(catalogues.zh));

it("says everything in both languages", () => {
  expect([...zh.keys()].sort()).toEqual([...en.keys()].sort());
  for (const [path, text] of [...en, ...zh]) if (path !== "gap") expect(text, path).not.toBe("");
});

it("is Chinese in Chinese: what is the same in both has no words in it", () => {
  const same = [...zh].filter(([path, text]) => text === en.get(path)).map(([path]) => path);
  expect(same.sort()).toEqual(["bytes", "door.unnamed", "panels.none"].filter((path) => en.has(path)));
});

it("keeps each language's marks: full width in Chinese, none of them in English", () => {
  for (const [path, text] of en) expect(text, path).not.toMatch(/[\u3000-\u303f\uff01-\uff5e]/);
  for (const [path, text] of zh) expect(text, path).not.toMatch(/[\u4e00-\u9fff][,.!?;:]|[,!?;] ?[\u4e00-\u9fff]/);
});

it("needs no more room than is kept: Chinese within 1.4 times the English width", () => {
  const width = (text: string): number => [...text].reduce((sum, c) => sum + (c > "\u2e7f" ? 2 : 1), 0);
  for (const [path, text] of zh) if (path.startsWith("bar.")) expect(width(text), path).toBeLessThanOrEqual(1.4 * width(en.get(path) ?? "") + 2);
});

it("counts as each language does", () => {
  const people = pluralIn("en")({ one: "# person", other: "# people" });
  expect([0, 1, 2, 1000].map(people)).toEqual(["0 people", "1 person", "2 people", "1,000 people"]);
});

it("follows the person, then the browser, then speaks English", () => {
  expect(chooseLanguage("zh", ["en-GB"])).toBe("zh");
  expect(chooseLanguage(null, ["fr-CH", "zh-CN", "en"])).toBe("zh");
  expect(chooseLanguage(null, ["zh-TW"])).toBe("zh");
  expect(chooseLanguage(null, ["fr"])).toBe("en");
  expect(chooseLanguage(null, [])).toBe("en");
});
