// A link that is copied with one tap.

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

interface CopyLinkProps {
  link: string;
  kind?: "main" | "plain";
  testId?: string;
}

/** The button that copies the link, and says that it did. */
export function CopyLink({ link, kind = "main", testId }: CopyLinkProps) {
  const words = useWords();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const act = (): void => {
    copy(link).then(() => setDone(true), () => setDone(false));
  };
  return (
    <Button kind={kind} icon={done ? "check" : "copy"} testId={testId} onClick={act}>
      {done ? words.copied : words.alone.copy}
    </Button>
  );
}
