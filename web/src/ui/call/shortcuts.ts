// Keys for what one does most. Pure.

/** What a key does. */
export type Shortcut = "microphone" | "camera" | "hand" | "chat" | "people" | "close";

/** The part of a KeyboardEvent that counts. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** The element that has the focus, as far as it counts. */
export interface Focused {
  tagName: string;
  isContentEditable: boolean;
  /** Of an input. */
  type?: string;
}

const keys: Readonly<Record<string, Shortcut>> = {
  m: "microphone",
  v: "camera",
  h: "hand",
  c: "chat",
  p: "people",
  escape: "close",
};

/** Inputs into which nobody writes. */
const mute: ReadonlySet<string> = new Set(["button", "checkbox", "radio", "range", "file", "submit", "reset", "color", "image"]);

/** Whether keys that are pressed there are text, or choose from a list. */
export function isTyping({ tagName, isContentEditable, type = "text" }: Focused): boolean {
  const tag = tagName.toLowerCase();
  return isContentEditable || tag === "textarea" || tag === "select" || (tag === "input" && !mute.has(type));
}

/**
 * What a key press means, or null. Letters mean nothing while one types, and
 * nothing together with keys that make them a command of the browser's.
 * Escape closes from everywhere.
 */
export function shortcutOf(press: KeyPress, focused: Focused | null): Shortcut | null {
  const { key, ctrlKey, metaKey, altKey, repeat, isComposing } = press;
  if (ctrlKey || metaKey || altKey || repeat || isComposing) return null;
  const shortcut = keys[key.toLowerCase()] ?? null;
  if (shortcut === "close") return shortcut;
  return focused && isTyping(focused) ? null : shortcut;
}
