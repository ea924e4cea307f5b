// The words of api/causes.json, the same for the page, the server's log and
// `tutti doctor`. Pure.

import list from "../../../api/causes.json";
import type { Cause, CauseInfo, Finding, Severity } from "../protocol/messages";

const known = new Map((list as CauseInfo[]).map((info) => [info.code, info]));

/** A finding in words. */
export interface Explanation {
  severity: Severity;
  title: string;
  why: string;
  fix: string;
}

/** How bad a cause is. */
export function severityOf(cause: Cause): Severity {
  return known.get(cause)?.severity ?? "warn";
}

/** Explains a finding in a language. A server may know causes that this page does not: those go by their code. */
export function explain({ cause, params = {} }: Finding, language: "en" | "zh"): Explanation {
  const info = known.get(cause);
  if (!info) return { severity: "warn", title: cause, why: "", fix: "" };
  const { title, why, fix } = info[language];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (word, name: string) => params[name] ?? word);
  return { severity: info.severity, title: fill(title), why: fill(why), fix: fill(fix) };
}

/** A piece of a text: prose, or a command or setting. */
export interface Piece {
  text: string;
  code: boolean;
}

/** Parts a text at its backticks. */
export function pieces(text: string): Piece[] {
  return text.split("`").map((part, i) => ({ text: part, code: i % 2 === 1 })).filter((piece) => piece.text !== "");
}

/** Whether a piece is a whole command, which is worth a button that copies it. */
export function isCommand({ text, code }: Piece): boolean {
  return code && /^(sudo|timedatectl|systemctl|tutti|ss)\b/.test(text);
}

const order: readonly Severity[] = ["ok", "warn", "fail"];

/** The gravest of them; "ok" for none. */
export function gravest(severities: readonly Severity[]): Severity {
  return severities.reduce<Severity>((worst, one) => (order.indexOf(one) > order.indexOf(worst) ? one : worst), "ok");
}
