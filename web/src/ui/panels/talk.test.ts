import { expect, it } from "vitest";
import type { ChatLine, IncomingFile } from "../../rtc";
import { rateText } from "./rate";
import { linkPieces, mergeTalk, sizeParts } from "./talk";

const line = (from: string, time: number, text = "", to?: string): ChatLine => ({ from, name: from, text, time, ...(to && { to }) });
const file = (id: string, after: number) => ({ file: { id, from: "ann" } as IncomingFile, at: 1, after });

it("joins lines of one person that follow each other soon, to the same people", () => {
  const items = mergeTalk([line("ann", 0), line("ann", 60_000), line("ann", 400_000), line("ben", 401_000), line("ben", 402_000, "", "ann")], []);
  expect(items.map((item) => (item.kind === "lines" ? item.lines.length : 0))).toEqual([2, 1, 1, 1]);
});

it("sets a file after the lines that were there when it came, whatever this computer's clock says", () => {
  const items = mergeTalk([line("ann", 1000), line("ann", 2000), line("ann", 3000)], [file("f", 2000), file("g", 3000)]);
  expect(items.map((item) => (item.kind === "file" ? item.entry.file.id : item.lines.length))).toEqual([2, "f", 1, "g"]);
  expect(mergeTalk([], [file("f", 0)])).toHaveLength(1);
});

it("finds links and leaves the marks that end a sentence", () => {
  expect(linkPieces("see https://example.org/a?b=1, then go")).toEqual([
    { text: "see ", link: false }, { text: "https://example.org/a?b=1", link: true }, { text: ", then go", link: false },
  ]);
  expect(linkPieces("看https://example.org/乐谱。")).toEqual([
    { text: "看", link: false }, { text: "https://example.org/乐谱", link: true }, { text: "。", link: false },
  ]);
  expect(linkPieces("javascript:alert(1)")).toEqual([{ text: "javascript:alert(1)", link: false }]);
});

it("says sizes and rates as people read them", () => {
  expect(sizeParts(0)).toEqual({ value: 0, unit: "B" });
  expect(sizeParts(5_242_880)).toEqual({ value: 5.2, unit: "MB" });
  expect(sizeParts(999_600)).toEqual({ value: 1, unit: "MB" });
  expect(sizeParts(48_000)).toEqual({ value: 48, unit: "kB" });
  expect(rateText("en", 1_420_000)).toBe("1.4 Mbit/s");
  expect(rateText("en", 41_300)).toBe("41 kbit/s");
});
