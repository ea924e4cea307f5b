import { describe, expect, it } from "vitest";
import { shortcutOf, type Focused, type KeyPress } from "./shortcuts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false, ...more,
});
const focus = (tagName: string, type?: string): Focused => ({ tagName, isContentEditable: false, ...(type && { type }) });

describe("shortcutOf", () => {
  it("knows its keys, small and large", () => {
    expect(["m", "v", "h", "c", "p", "M"].map((key) => shortcutOf(press(key), null))).toEqual([
      "microphone", "camera", "hand", "chat", "people", "microphone",
    ]);
    expect(shortcutOf(press("x"), null)).toBeNull();
  });

  it("is silent while one types, whatever one types into", () => {
    const places = [focus("TEXTAREA"), focus("INPUT"), focus("INPUT", "text"), focus("INPUT", "search"), focus("SELECT"), { tagName: "DIV", isContentEditable: true }];
    for (const place of places) expect(shortcutOf(press("m"), place)).toBeNull();
  });

  it("works while a button, a switch or the page has the focus", () => {
    for (const place of [focus("BUTTON"), focus("INPUT", "checkbox"), focus("INPUT", "radio"), focus("BODY")]) {
      expect(shortcutOf(press("m"), place)).toBe("microphone");
    }
  });

  it("leaves the browser's commands, held keys and input methods alone", () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }, { isComposing: true }]) {
      expect(shortcutOf(press("c", more), null)).toBeNull();
    }
  });

  it("closes with Escape from everywhere", () => {
    expect(shortcutOf(press("Escape"), focus("TEXTAREA"))).toBe("close");
  });
});
