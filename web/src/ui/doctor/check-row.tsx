// One check: what it is, how it stands, and what can be done.

import { useId, useState } from "preact/hooks";
import { explain } from "../../doctor/causes";
import { severityIn, type CheckName, type Outcome } from "../../doctor/outcome";
import type { Finding, Severity } from "../../protocol/messages";
import { languageTags, useLanguage, useWords } from "../../i18n";
import { Icon, type IconName } from "../icons";
import { Fix, Prose } from "./fix";

/** How a check stands. */
export type Stand = "waiting" | "running" | "skipped" | "ok" | "warn" | "fail";

const icons: Readonly<Record<Exclude<Stand, "waiting" | "running">, IconName>> = {
  skipped: "skipped", ok: "fine", warn: "alert", fail: "barred",
};

/** The sign of a stand. Words beside it say the same. */
export function StandSign({ stand }: { stand: Stand }) {
  if (stand === "waiting" || stand === "running") return <span class={`stand stand-${stand}`} aria-hidden="true" />;
  return <Icon name={icons[stand]} class={`stand stand-${stand}`} />;
}

function standOf(outcome: Outcome | undefined, running: boolean): Stand {
  if (!outcome) return running ? "running" : "waiting";
  return outcome.skipped ? "skipped" : severityIn(outcome);
}

interface CheckRowProps {
  name: CheckName;
  outcome: Outcome | undefined;
  running: boolean;
}

/** The row; what is behind it for people who know unfolds. */
export function CheckRow({ name, outcome, running }: CheckRowProps) {
  const { doctor } = useWords();
  const [open, setOpen] = useState(false);
  const more = useId();
  const stand = standOf(outcome, running);
  const facts = outcome?.facts.filter(Boolean) ?? [];
  const state = useStateWords(name, stand, outcome);
  return (
    <li class={`check check-${stand}`} data-testid="check" data-check={name} data-stand={stand}>
      <StandSign stand={stand} />
      <div class="check-words">
        <div class="check-head">
          <h3>{doctor.checks[name]}</h3>
          <p class="quiet">{state}</p>
        </div>
        {outcome?.findings.map((finding) => <Found key={`${finding.cause} ${JSON.stringify(finding.params)}`} finding={finding} />)}
        {open && (
          <ul class="facts" id={more}>
            {facts.map((fact) => <li key={fact}>{fact}</li>)}
          </ul>
        )}
      </div>
      {facts.length === 0 ? <span class="check-blank" /> : (
        <button
          type="button" class={`icon-button ${open ? "icon-button-open" : ""}`} aria-expanded={open} aria-controls={more}
          aria-label={`${doctor.details}: ${doctor.checks[name]}`} title={doctor.details} data-testid="facts-button"
          onClick={() => setOpen(!open)}
        >
          <Icon name="down" class="icon-small" />
        </button>
      )}
    </li>
  );
}

/** In a few words, beside the name. */
function useStateWords(name: CheckName, stand: Stand, outcome: Outcome | undefined): string {
  const { doctor } = useWords();
  const tag = languageTags[useLanguage()];
  if (stand === "waiting") return doctor.waiting;
  if (stand === "running") return name === "camera" || name === "microphone" ? doctor.asks : doctor.running;
  if (outcome?.skipped) return doctor.skipped[outcome.skipped];
  if (outcome?.figures) {
    const { delay, loss } = outcome.figures;
    return doctor.figures(
      delay.toLocaleString(tag, { maximumFractionDigits: delay < 10 ? 1 : 0 }),
      loss.toLocaleString(tag, { style: "percent" }),
    );
  }
  if (outcome?.findings.length) return stand === "ok" ? "" : doctor.severities[stand as Severity];
  return outcome?.summary || doctor.fine[name];
}

function Found({ finding }: { finding: Finding }) {
  const { severity, title, why, fix } = explain(finding, useLanguage());
  return (
    <div class={`finding finding-${severity}`} data-testid="finding" data-cause={finding.cause}>
      <Prose class="finding-title" text={title} />
      {why && <Prose class="quiet" text={why} />}
      {fix && <Fix text={fix} />}
    </div>
  );
}
