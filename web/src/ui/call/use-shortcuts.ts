// Listens for the keys.

import { useEffect } from "preact/hooks";
import { shortcutOf, type Shortcut } from "./shortcuts";

/** Calls act for each key that means something. Dialogs have keys of their own. */
export function useShortcuts(act: (shortcut: Shortcut) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const { activeElement } = document;
      const focused = activeElement instanceof HTMLElement
        ? {
            tagName: activeElement.tagName,
            isContentEditable: activeElement.isContentEditable,
            ...(activeElement instanceof HTMLInputElement && { type: activeElement.type }),
          }
        : null;
      const shortcut = shortcutOf(event, focused);
      if (!shortcut) return;
      event.preventDefault();
      act(shortcut);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}
