// Checks of media's ways to the server.

import type { Cause, DoctorInfo, Finding, ICEServer } from "../protocol/messages";
import { isPrivate, mappingOf, splitHostPort, type Candidate } from "./candidates";
import { delayLimit, lossLimit, type Figures } from "./figures";
import { gather, isSilent } from "./gather";
import { fine, found, skipped, type Notes, type Outcome, type WayName } from "./outcome";
import { probe, ProbeError, type Way } from "./probe";

/** The URLs of the server's STUN: of its second address too, if it has one. */
function stunURLs({ server, ice_servers }: DoctorInfo): string[] {
  const told = ice_servers.flatMap(({ urls }) => urls).filter((url) => url.startsWith("stun:"));
  const alternate = server.stun_alternate && `stun:${server.stun_alternate}`;
  return [...new Set([...told, ...(alternate ? [alternate] : [])])];
}

function describe({ type, protocol, address, port }: Candidate): string {
  return `${type}/${protocol} ${address}:${port}`;
}

/** Whether the page and its server are on one machine, where browsers ask no STUN nor TURN. */
function onThisMachine({ server: { host } }: DoctorInfo): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Which candidates come up with all that the server offers. */
export async function checkCandidates(notes: Notes): Promise<Outcome> {
  const { info } = notes;
  if (!info) return skipped("no-server");
  const relays = info.ice_servers.filter(({ urls }) => urls.some(isTURN));
  // Apart, so that a relay that does not answer is not taken for STUN.
  const [byStun, byRelay] = await Promise.all([gather([{ urls: stunURLs(info) }]), relays.length > 0 ? gather(relays) : null]);
  notes.gathered = byStun;
  const candidates = [...byStun.candidates, ...(byRelay?.candidates.filter((c) => c.type === "relay") ?? [])];
  const errors = [...byStun.errors, ...(byRelay?.errors ?? [])].map(({ url, code, text }) => `${url}: ${code} ${text}`);
  const kinds = new Set(candidates.map(({ type, protocol }) => `${type}/${protocol}`));
  return { ...fine(...candidates.map(describe), ...errors), summary: [...kinds].join(", ") };
}

/** Whether STUN answers. No mapped address but no complaint either: there is no router that maps. */
export function checkSTUN({ info, gathered }: Notes): Outcome {
  if (!info || !gathered) return skipped("no-server");
  const mapped = gathered.candidates.filter((c) => c.type === "srflx");
  if (mapped[0]) return { ...fine(...new Set(mapped.map(describe))), summary: mapped[0].address };
  if (!isSilent(gathered)) return fine();
  return onThisMachine(info) ? skipped("this-machine") : found("stun_no_answer", { port: String(info.server.port) });
}

/** How the router maps, as far as a browser can see. */
export function checkMapping({ info, gathered }: Notes): Outcome {
  if (!info || !gathered) return skipped("no-server");
  const mapping = mappingOf(gathered.candidates, stunURLs(info).length);
  switch (mapping.kind) {
    case "unseen":
      if (isSilent(gathered)) return skipped("no-stun");
      return skipped(onThisMachine(info) ? "this-machine" : "no-router");
    case "unknown":
      return found("nat_unknown", { address: mapping.address });
    case "same":
      return found("nat_ok", { address: mapping.address });
    case "different":
      return found("nat_symmetric", { address: mapping.address });
  }
}

const failures: Readonly<Record<WayName, Cause>> = {
  udp: "udp_blocked", tcp: "port_closed_tcp", "turn-udp": "turn_udp_failed", "turn-tcp": "turn_tcp_failed", "turn-tls": "turn_tls_failed",
};

function isTURN(url: string): boolean {
  return /^turns?:/.test(url);
}

/** The server's relay by one transport only; null where it has none. */
export function relayBy(transport: "udp" | "tcp" | "tls", servers: readonly ICEServer[]): RTCIceServer | null {
  const fits = (url: string): boolean =>
    transport === "tls" ? url.startsWith("turns:") : url.startsWith("turn:") && (/[?&]transport=(\w+)/.exec(url)?.[1] ?? "udp") === transport;
  for (const { urls, username, credential } of servers) {
    const url = urls.find(fits);
    if (url) return { urls: url, ...(username !== undefined && { username }), ...(credential !== undefined && { credential }) };
  }
  return null;
}

/** Sends messages there and back by one way. */
export async function checkWay(name: WayName, notes: Notes): Promise<Outcome> {
  const { info } = notes;
  if (!info) return skipped("no-server");
  let way: Way;
  if (name === "udp" || name === "tcp") {
    way = { keep: ({ protocol }) => protocol === name };
  } else {
    const transport = name === "turn-udp" ? "udp" : name === "turn-tcp" ? "tcp" : "tls";
    const relay = relayBy(transport, info.ice_servers);
    if (!relay) return name === "turn-udp" && !info.server.turn ? found("turn_off") : skipped(info.server.turn && !info.server.tls ? "no-tls" : "no-relay");
    way = { relay, keep: ({ protocol }) => protocol === "udp" };
  }
  try {
    const probed = await probe(way);
    notes.probes.set(name, probed);
    const facts = [probed.over, ...probed.errors.map(({ code, text }) => `${code} ${text}`)].filter(Boolean);
    // The last is of the socket that had a chance; those of others fail at once.
    const reason = facts.at(-1);
    if (probed.figures) return { findings: weak(name, probed.figures), facts, figures: probed.figures };
    if (probed.errors.some(({ code }) => code === 401)) return found("turn_refused", {}, ...facts);
    if (name === "turn-udp" && onThisMachine(info)) return skipped("this-machine", ...facts);
    const { host, port } = info.server;
    return found(failures[name], { host, port: String(port), error: reason ?? "ICE" }, ...facts);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return skipped("no-server", `HTTP ${error.status} ${error.message}`);
  }
}

/** What people would notice of a way that carries. */
function weak(path: WayName, { loss, delay }: Figures): Finding[] {
  const findings: Finding[] = [];
  if (loss >= lossLimit) findings.push({ cause: "loss_high", params: { loss: String(Math.round(loss * 100)), path } });
  if (delay >= delayLimit) findings.push({ cause: "delay_high", params: { delay: String(Math.round(delay)), path } });
  return findings;
}

/**
 * Whether the addresses that the server tells are reached. Private ones of
 * another network are no news where another address works: each machine that
 * runs containers has some.
 */
export function checkAddresses({ info, probes }: Notes): Outcome {
  if (!info) return skipped("no-server");
  const reached = new Map<string, boolean>();
  for (const name of ["udp", "tcp"] as const) {
    for (const { address, answered } of probes.get(name)?.answers ?? []) reached.set(address, (reached.get(address) ?? false) || answered);
  }
  const told = [...new Set(info.server.addresses.map((address) => splitHostPort(address).host || address))];
  const facts = told.map((address) => `${address} ${reached.get(address) === undefined ? "?" : reached.get(address) ? "✓" : "✗"}`);
  const any = [...reached.values()].some(Boolean);
  if (!any && told.length > 0 && told.every(isPrivate) && !isPrivate(splitHostPort(info.client.address).host)) {
    return found("advertised_private", { addresses: told.join(", "), host: info.server.host }, ...facts);
  }
  const missed = told.filter((address) => reached.get(address) === false && any && !isPrivate(address));
  return { findings: missed.map((address) => ({ cause: "advertised_unreachable", params: { address } })), facts };
}
