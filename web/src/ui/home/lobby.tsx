// The frame of all pages before and after a call.

import type { ComponentChildren } from "preact";
import { LanguageSwitch, ThemeSwitch } from "../parts/switches";
import { go } from "../route";

/** A sheet of paper with the house's name and two quiet switches. */
export function Lobby({ children }: { children: ComponentChildren }) {
  return (
    <div class="lobby">
      <header class="lobby-head">
        <a
          class="wordmark"
          href="/"
          onClick={(event) => {
            event.preventDefault();
            go("/");
          }}
        >
          tutti
        </a>
        <div class="lobby-switches">
          <ThemeSwitch />
          <LanguageSwitch />
        </div>
      </header>
      <main class="lobby-main">{children}</main>
    </div>
  );
}
