// When something was, as people say it. Pure.

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["week", 604_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** "yesterday", "2 hours ago", in the language of the tag. Times in milliseconds since the Unix epoch. */
export function ago(tag: string, at: number, now: number): string {
  const past = Math.max(0, now - at);
  const words = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
  const [unit, length] = units.find(([, ms]) => past >= ms) ?? ["second", Infinity];
  return words.format(-Math.floor(past / length) + 0, unit);
}
