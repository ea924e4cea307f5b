// ICE candidates, as a doctor looks at them (RFC 8839 §5.1). Pure.

/** A candidate of an SDP or of a browser. */
export interface Candidate {
  type: "host" | "srflx" | "prflx" | "relay";
  protocol: "udp" | "tcp";
  address: string;
  port: number;
  /** The base of a mapped or relayed one; "" and 0 where it is not told. */
  relatedAddress: string;
  relatedPort: number;
}

/** Reads "candidate:…", with or without "a=" before it; null for what is none. */
export function parseCandidate(line: string): Candidate | null {
  const match = /^(?:a=)?candidate:\S+ \d+ (\w+) \d+ (\S+) (\d+) typ (host|srflx|prflx|relay)(.*)$/i.exec(line.trim());
  if (!match) return null;
  const [, protocol = "", address = "", port = "", type = "", rest = ""] = match;
  const [, relatedAddress = "", relatedPort = "0"] = / raddr (\S+) rport (\d+)/.exec(rest) ?? [];
  const lower = protocol.toLowerCase();
  if (lower !== "udp" && lower !== "tcp") return null;
  return { type: type as Candidate["type"], protocol: lower, address, port: Number(port), relatedAddress, relatedPort: Number(relatedPort) };
}

/** The candidates of a description, in order. */
export function candidatesIn(sdp: string): Candidate[] {
  return sdp.split(/\r?\n/).flatMap((line) => (line.startsWith("a=candidate:") ? (parseCandidate(line) ?? []) : []));
}

/** The description with only those candidates that are to be tried. */
export function keepCandidates(sdp: string, keep: (candidate: Candidate) => boolean): string {
  return sdp.split("\r\n").filter((line) => {
    const candidate = line.startsWith("a=candidate:") ? parseCandidate(line) : null;
    return !candidate || keep(candidate);
  }).join("\r\n");
}

/** What the mapped addresses tell of the router (RFC 4787 §4.1). */
export type Mapping =
  | { kind: "unseen" } // no answer came, or there is no router that maps
  | { kind: "unknown"; address: string } // one server answered: it takes two
  | { kind: "same"; address: string }
  | { kind: "different"; address: string };

/**
 * Compares what STUN servers saw. A browser that asks several of them by one
 * socket tells a mapping that all of them saw once, and others each.
 */
export function mappingOf(candidates: readonly Candidate[], servers: number): Mapping {
  const mapped = candidates.filter((c) => c.type === "srflx" && c.protocol === "udp");
  const [first] = mapped;
  if (!first) return { kind: "unseen" };
  const { address } = first;
  const differs = mapped.some((a) => mapped.some((b) =>
    a.relatedPort === b.relatedPort && a.relatedAddress === b.relatedAddress && a.address === b.address && a.port !== b.port));
  if (differs) return { kind: "different", address };
  return servers > 1 ? { kind: "same", address } : { kind: "unknown", address };
}

/** Whether an address leads nowhere on the internet (RFC 1918, RFC 4193, RFC 3927, RFC 4291, RFC 6598). */
export function isPrivate(address: string): boolean {
  const [a = -1, b = -1] = /^\d+\.\d+\.\d+\.\d+$/.test(address) ? address.split(".").map(Number) : [];
  if (a >= 0) {
    return a === 10 || a === 127 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254)
      || (a === 100 && b >= 64 && b < 128);
  }
  return address === "::1" || /^f[cd]|^fe[89ab]/i.test(address);
}

/** Host and port of "192.0.2.1:80" or "[2001:db8::1]:80". */
export function splitHostPort(text: string): { host: string; port: number } {
  const [, six, four = "", port = "0"] = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  return { host: six ?? four, port: Number(port) };
}
