// What a check found. Pure.

import type { Cause, DoctorInfo, Finding, Severity } from "../protocol/messages";
import { gravest, severityOf } from "./causes";
import type { Figures } from "./figures";
import type { Gathered } from "./gather";
import type { Probed } from "./probe";

/** The checks, in their order. */
export const checkNames = [
  "secure", "camera", "microphone", "signalling", "server", "clock",
  "candidates", "stun", "mapping", "udp", "tcp", "turn-udp", "turn-tcp", "turn-tls", "addresses",
] as const;

/** The name of a check. */
export type CheckName = (typeof checkNames)[number];

/** The checks that try a way for media, the best one first. */
export const wayNames = ["udp", "tcp", "turn-udp", "turn-tcp", "turn-tls"] as const satisfies readonly CheckName[];

/** The name of a way. */
export type WayName = (typeof wayNames)[number];

/** Why a check was left out. */
export type Skipped =
  | "no-server" // the server could not be asked
  | "this-machine" // there is no network between page and server
  | "no-stun" // the server did not answer it
  | "no-router" // nothing maps addresses
  | "no-tls" // the server has no certificate
  | "no-relay"; // the server does not relay

/** What a check found; it is fine if there is no finding. */
export interface Outcome {
  findings: readonly Finding[];
  /** For people who know: addresses, candidates, versions. */
  facts: readonly string[];
  /** The few facts that everybody may see, in place of words that all is fine. */
  summary?: string;
  /** Of ways that carry. */
  figures?: Figures;
  skipped?: Skipped;
}

/** What later checks know of earlier ones. */
export interface Notes {
  info: DoctorInfo | null;
  /** Half way between asking and answer, by this machine's clock, in milliseconds since the Unix epoch. */
  asked: number;
  /** With STUN alone. */
  gathered: Gathered | null;
  probes: Map<WayName, Probed>;
}

/** Notes before the first check. */
export function emptyNotes(): Notes {
  return { info: null, asked: 0, gathered: null, probes: new Map() };
}

/** Nothing wrong. */
export function fine(...facts: readonly string[]): Outcome {
  return { findings: [], facts };
}

/** One thing wrong, or worth knowing. */
export function found(cause: Cause, params: Record<string, string> = {}, ...facts: readonly string[]): Outcome {
  return { findings: [{ cause, params }], facts };
}

/** Left out. */
export function skipped(why: Skipped, ...facts: readonly string[]): Outcome {
  return { findings: [], facts, skipped: why };
}

/** How bad an outcome is. */
export function severityIn({ findings }: Outcome): Severity {
  return gravest(findings.map(({ cause }) => severityOf(cause)));
}

const fallbacks: Readonly<Record<WayName, Cause>> = {
  udp: "ok", tcp: "tcp_fallback", "turn-udp": "turn_udp_fallback", "turn-tcp": "turn_tcp_fallback", "turn-tls": "turn_tls_fallback",
};

/** All in one finding: what keeps calls from working, or by which way they would go. */
export function verdictOf(outcomes: ReadonlyMap<CheckName, Outcome>, info: DoctorInfo | null): Finding {
  const first = (name: CheckName): Finding | undefined => outcomes.get(name)?.findings.find((f) => severityOf(f.cause) === "fail");
  const barred = first("signalling") ?? first("server");
  if (barred) return barred;
  const params = { host: info?.server.host ?? "", port: String(info?.server.port ?? "") };
  const way = wayNames.find((name) => outcomes.get(name)?.figures);
  if (!way) return { cause: "media_unreachable", params };
  return first("secure") ?? { cause: fallbacks[way], params };
}
