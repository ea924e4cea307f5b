// What was said and sent, in the order in which it came. Pure.

import type { ChatLine, IncomingFile, OutgoingFile } from "../../rtc";

/** A file and when it came; after is the time of the last chat line then, by the server's clock. */
export interface FileEntry {
  file: IncomingFile | OutgoingFile;
  at: number;
  after: number;
}

/** Lines of one person that follow each other, or a file. */
export type TalkItem =
  | { kind: "lines"; key: string; from: string; name: string; to: string; time: number; lines: readonly ChatLine[] }
  | { kind: "file"; key: string; entry: FileEntry };

/** Milliseconds within which lines of one person belong together. */
const together = 120_000;

/** Merges lines and files. Files stand after the lines that were there when they came, whatever clocks say. */
export function mergeTalk(lines: readonly ChatLine[], files: readonly FileEntry[]): TalkItem[] {
  const items: TalkItem[] = [];
  const waiting = [...files];
  const addFiles = (before: number): void => {
    while (waiting[0] && waiting[0].after < before) {
      const [entry] = waiting.splice(0, 1);
      if (entry) items.push({ kind: "file", key: `${entry.file.id} ${entry.at}`, entry });
    }
  };
  lines.forEach((line, index) => {
    addFiles(line.time);
    const last = items.at(-1);
    const to = line.to ?? "";
    const joins = last?.kind === "lines" && last.from === line.from && last.to === to
      && line.time - (last.lines.at(-1)?.time ?? 0) < together;
    if (joins) items[items.length - 1] = { ...last, lines: [...last.lines, line] };
    else items.push({ kind: "lines", key: `${line.time} ${index}`, from: line.from, name: line.name, to, time: line.time, lines: [line] });
  });
  addFiles(Infinity);
  return items;
}

/** A piece of text, or a link in it. */
export type Piece = { text: string; link: boolean };

const link = /https?:\/\/[^\s<>"'`，。；！？、（）「」]+[^\s<>"'`，。；！？、（）「」.,;:!?)\]}]/gu;

/** Cuts text at its web links. */
export function linkPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), link: false });
    pieces.push({ text: match[0], link: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), link: false });
  return pieces;
}

/** A size in bytes as its number and unit, with one digit behind the point below ten. */
export function sizeParts(bytes: number): { value: number; unit: "B" | "kB" | "MB" | "GB" } {
  const units = ["B", "kB", "MB", "GB"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return { value: unit > 0 && value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value), unit: units[unit] ?? "GB" };
}
