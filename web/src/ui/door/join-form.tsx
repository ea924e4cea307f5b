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
  /** As whom: with a camera or a microphone, with neither, or to watch only. */
  as: "member" | "bare" | "viewer";
  /** Between the name and the button. */
  children?: ComponentChildren;
  /** Watches only; or takes part after all. */
  onOther: () => void;
}

/** The form. */
export function JoinForm({ room, join, as, children, onOther }: JoinFormProps) {
  const words = useWords();
  const { door } = words;
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!join.begin(as === "viewer" ? "viewer" : "member")) field.current?.focus();
  };
  const other = (): void => {
    onOther();
    if (as !== "viewer" && join.name.trim() === "") field.current?.focus();
  };
  return (
    <form class="door-form" onSubmit={submit} noValidate>
      <h1>{as === "viewer" ? door.watchHeading : door.heading}</h1>
      <p class="door-room">{door.room(room)}</p>
      <label for="name">{door.name}</label>
      <input
        ref={field} id="name" class="input" value={join.name} maxLength={64} readOnly={join.given} autocomplete="name"
        aria-invalid={join.unnamed} aria-describedby="name-hint" data-testid="name-input"
        onInput={(event) => join.setName(event.currentTarget.value)}
      />
      <p id="name-hint" class={join.unnamed ? "input-fault" : "quiet"}>{join.unnamed ? door.nameMissing : as === "viewer" ? door.watchName : door.nameHint}</p>
      {as === "viewer" && <p class="quiet door-hint">{door.watchHint}</p>}
      {children}
      {join.refused && <Refusal code={join.refused} />}
      <Button kind="main" type="submit" class="door-join" disabled={join.joining} testId="join-button">
        {join.joining ? door.joining : as === "viewer" ? door.watchNow : as === "bare" ? door.joinBare : door.join}
      </Button>
      <Button class="door-other" disabled={join.joining} testId={as === "viewer" ? "take-part-button" : "watch-button"} onClick={other}>
        {as === "viewer" ? door.takePart : door.watch}
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
