// How the connection to the server came about, from W3C's statistics. Pure.

import type { Cause, SelectedCandidate } from "../protocol/messages";
import type { ConnectionKind, ServerConnection } from "./types";

type Fields = Readonly<Record<string, unknown>>;

/** A selected pair: the own candidate, and where the other end is. */
export interface SelectedPair {
  candidate: SelectedCandidate;
  /** The server's address and port, "" and 0 where the browser hides them. */
  address: string;
  port: number;
}

/** The pair in use, as the transport names it, or as Firefox marks it. */
export function selectedPair(byId: ReadonlyMap<string, Fields>): Fields | undefined {
  const all = [...byId.values()];
  const transport = all.find((s) => s["type"] === "transport" && s["selectedCandidatePairId"] !== undefined);
  return byId.get(String(transport?.["selectedCandidatePairId"]))
    ?? all.find((s) => s["type"] === "candidate-pair" && s["selected"] === true)
    ?? all.find((s) => s["type"] === "candidate-pair" && s["nominated"] === true && s["state"] === "succeeded");
}

/** What is known of the pair in use; null while there is none. */
export function readSelected(report: Iterable<Fields>): SelectedPair | null {
  const byId = new Map([...report].map((stats) => [String(stats["id"]), stats]));
  const pair = selectedPair(byId);
  const local = byId.get(String(pair?.["localCandidateId"]));
  if (!local) return null;
  const remote = byId.get(String(pair?.["remoteCandidateId"]));
  const candidate = { local_type: local["candidateType"], protocol: local["protocol"] } as SelectedCandidate;
  if (candidate.local_type === "relay" && local["relayProtocol"] !== undefined) {
    candidate.relay_protocol = local["relayProtocol"] as NonNullable<SelectedCandidate["relay_protocol"]>;
  }
  const { address, ip, port } = remote ?? {};
  return { candidate, address: String(address ?? ip ?? ""), port: Number(port ?? 0) };
}

/** The kind of a connection by its own candidate. */
export function kindOfCandidate({ local_type, protocol, relay_protocol }: SelectedCandidate): ConnectionKind {
  if (local_type !== "relay") return protocol;
  // DTLS is UDP; and who does not say how the relay is reached does so by UDP if possible.
  return relay_protocol === "tcp" || relay_protocol === "tls" ? `turn-${relay_protocol}` : "turn-udp";
}

/** What a person sees of a pair. */
export function connectionOf({ candidate, address, port }: SelectedPair): ServerConnection {
  return { kind: kindOfCandidate(candidate), address, port };
}

const causes: Readonly<Record<ConnectionKind, Cause>> = {
  udp: "ok",
  tcp: "tcp_fallback",
  "turn-udp": "turn_udp_fallback",
  "turn-tcp": "turn_tcp_fallback",
  "turn-tls": "turn_tls_fallback",
};

/** The cause that is reported for a connection of this kind. */
export function causeOf(kind: ConnectionKind): Cause {
  return causes[kind];
}
