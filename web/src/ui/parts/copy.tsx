// Text that is copied with one tap.

import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { Button } from "./controls";

/** Puts text on the clipboard, also where the page is not secure. */
async function copy(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  // The only way on plain http; deprecated, but everywhere.
  document.execCommand("copy");
  field.remove();
}

interface CopyButtonProps {
  text: string;
  /** What the button says. */
  children: string;
  /** For readers, where there are several of them. */
  label?: string;
  kind?: "main" | "plain";
  testId?: string;
}

/** The button that copies, and says that it did. */
export function CopyButton({ text, children, label, kind = "main", testId }: CopyButtonProps) {
  const words = useWords();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const act = (): void => {
    copy(text).then(() => setDone(true), () => setDone(false));
  };
  return (
    <Button kind={kind} icon={done ? "check" : "copy"} label={label} testId={testId} onClick={act}>
      {done ? words.copied : children}
    </Button>
  );
}
