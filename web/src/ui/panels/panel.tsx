// What stands beside the stage: from the right on wide windows, from below on
// narrow ones. It pushes the stage and covers nothing.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { IconButton } from "../parts/controls";

interface PanelProps {
  title: string;
  /** Beside the title. */
  aside?: ComponentChildren;
  children: ComponentChildren;
  onClose: () => void;
}

/** Takes the focus when it opens, and gives it back. */
export function Panel({ title, aside, children, onClose }: PanelProps) {
  const words = useWords();
  const heading = useId();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const wish = element.current?.querySelector<HTMLElement>("[data-first]") ?? element.current;
    wish?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside ref={element} class="panel" aria-labelledby={heading} tabIndex={-1}>
      <header class="panel-head">
        <h2 id={heading}>{title}</h2>
        {aside}
        <IconButton icon="close" label={words.close} testId="panel-close" onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
