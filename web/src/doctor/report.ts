// The report for whoever helps. Pure.

import type { Finding } from "../protocol/messages";
import { explain } from "./causes";
import { checkNames, severityIn, type CheckName, type Outcome } from "./outcome";

/** What a report is made of. */
export interface ReportParts {
  verdict: Finding | null;
  outcomes: ReadonlyMap<CheckName, Outcome>;
  language: "en" | "zh";
  /** What the checks are called. */
  names: Readonly<Record<CheckName, string>>;
  /** Address of the page, the browser, and the time. */
  page: string;
  browser: string;
  at: Date;
}

/** The report as text: one line for each check, with codes, figures and facts below it. */
export function reportText({ verdict, outcomes, language, names, page, browser, at }: ReportParts): string {
  const say = (finding: Finding): string => `${explain(finding, language).title} [${finding.cause}]`;
  const lines = [`tutti doctor, ${at.toISOString()}`, page, browser, ""];
  if (verdict) lines.push(`= ${say(verdict)}`, "");
  for (const name of checkNames) {
    const outcome = outcomes.get(name);
    if (!outcome) continue;
    const { findings, facts, figures, skipped } = outcome;
    lines.push(`${skipped ? `skip (${skipped})` : severityIn(outcome)}: ${names[name]}`);
    if (figures) lines.push(`  ${figures.delay.toFixed(1)} ms, ${(figures.loss * 100).toFixed(0)} % / ${figures.sent}`);
    lines.push(...findings.map((finding) => `  ${say(finding)}`), ...facts.filter(Boolean).map((fact) => `  · ${fact}`));
  }
  return lines.join("\n");
}
