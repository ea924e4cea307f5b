// What asks before all else.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { IconButton } from "./controls";

interface DialogProps {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
}

/** A modal dialog: the browser keeps the focus within, Escape or a click beside it closes. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const words = useWords();
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => event.target === element.current && onClose()}
    >
      <div class="dialog-body">
        <header class="panel-head">
          <h2 id={heading}>{title}</h2>
          <IconButton icon="close" label={words.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface SureProps {
  question: string;
  action: string;
  onSure: () => void;
  onClose: () => void;
}

/** Asks before what can't be undone. */
export function Sure({ question, action, onSure, onClose }: SureProps) {
  const words = useWords();
  const act = (): void => {
    onClose();
    onSure();
  };
  return (
    <Dialog title={question} onClose={onClose}>
      <footer class="dialog-foot">
        <button type="button" class="button button-plain" onClick={onClose}>
          {words.cancel}
        </button>
        <button type="button" class="button button-danger" onClick={act}>
          {action}
        </button>
      </footer>
    </Dialog>
  );
}
