// What can be done, with commands that are copied with one tap.

import { isCommand, pieces } from "../../doctor/causes";
import { useWords } from "../../i18n";
import { CopyButton } from "../parts/copy";

/** Prose with its commands and settings set off. */
export function Prose({ text, class: className }: { text: string; class?: string }) {
  return <p class={className}>{pieces(text).map(({ text: part, code }) => (code ? <code>{part}</code> : part))}</p>;
}

/** The text, and below it each whole command once. */
export function Fix({ text }: { text: string }) {
  const words = useWords();
  const commands = [...new Set(pieces(text).filter(isCommand).map((piece) => piece.text))];
  return (
    <div class="fix">
      <Prose text={text} />
      {commands.map((command) => (
        <div class="command" key={command}>
          <code>{command}</code>
          <CopyButton text={command} kind="plain" label={words.doctor.copyCommand(command)}>{words.copy}</CopyButton>
        </div>
      ))}
    </div>
  );
}
