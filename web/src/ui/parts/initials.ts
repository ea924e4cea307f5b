// A face for those who show none. Pure.

const han = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}·]+$/u;

/** One or two characters that stand for a name: 王小明 is 小明, "Ada Lovelace" is AL. */
export function initials(name: string): string {
  const trimmed = name.trim();
  if (han.test(trimmed)) return [...trimmed].slice(-2).join("");
  const words = trimmed.split(/\s+/).filter((word) => word !== "");
  const [first = "", ...rest] = words;
  const last = rest.at(-1) ?? "";
  return ([...first].slice(0, 1).join("") + [...last].slice(0, 1).join("")).toLocaleUpperCase();
}

/** A hue in degrees that is always the same for a name (FNV-1a). */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) % 360;
}
