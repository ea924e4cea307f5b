// Who one is, and the button that opens the door.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { Button } from "../parts/controls";
import { DoctorLink } from "../parts/doctor-link";
import { FaultCard, faultWords } from "../parts/fault-card";
import type { Join } from "./use-join";

interface JoinFormProps {
  room: string;
  join: Join;
  /** Neither camera nor microphone is on. */
  bare: boolean;
  /** Between the name and the button. */
  children: ComponentChildren;
}

/** The form. */
export function JoinForm({ room, join, bare, children }: JoinFormProps) {
  const words = useWords();
  const { door } = words;
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!join.begin()) field.current?.focus();
  };
  return (
    <form class="door-form" onSubmit={submit} noValidate>
      <h1>{door.heading}</h1>
      <p class="door-room">{door.room(room)}</p>
      <label for="name">{door.name}</label>
      <input
        ref={field} id="name" class="input" value={join.name} maxLength={64} readOnly={join.given} autocomplete="name"
        aria-invalid={join.unnamed} aria-describedby="name-hint" data-testid="name-input"
        onInput={(event) => join.setName(event.currentTarget.value)}
      />
      <p id="name-hint" class={join.unnamed ? "input-fault" : "quiet"}>{join.unnamed ? door.nameMissing : door.nameHint}</p>
      {children}
      {join.refused && <Refusal code={join.refused} />}
      <Button kind="main" type="submit" class="door-join" disabled={join.joining} testId="join-button">
        {join.joining ? door.joining : bare ? door.joinBare : door.join}
      </Button>
      <p class="door-doctor"><DoctorLink /></p>
    </form>
  );
}

function Refusal({ code }: { code: string }) {
  const words = useWords();
  const fault = faultWords(words, code);
  return (
    <FaultCard fault={fault} testId="refused">
      {fault === words.faults.other && <small>{words.faultCode(code)}</small>}
    </FaultCard>
  );
}
