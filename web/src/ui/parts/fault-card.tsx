// Something that stands in the way, and a way on.

import type { ComponentChildren } from "preact";
import type { Catalogue, Fault } from "../../i18n";
import { Icon } from "../icons";

/** A code's words; codes that mean nothing to people share one. */
export function faultWords(words: Catalogue, code: string): Fault {
  return Object.hasOwn(words.faults, code) ? words.faults[code as keyof Catalogue["faults"]] : words.faults.other;
}

/** Says it in place. */
export function FaultCard({ fault, testId, children }: { fault: Fault; testId?: string; children?: ComponentChildren }) {
  return (
    <div class="fault" role="alert" data-testid={testId}>
      <Icon name="alert" />
      <div>
        <strong>{fault.title}</strong>
        <p>{fault.text}</p>
        {children}
      </div>
    </div>
  );
}
