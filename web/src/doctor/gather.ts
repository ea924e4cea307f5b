// Which candidates a browser finds with these ICE servers.

import { parseCandidate, type Candidate } from "./candidates";

/** What came of it. */
export interface Gathered {
  candidates: Candidate[];
  /** Servers that did not do their part, by W3C's icecandidateerror: 701 for no answer, else STUN's code. */
  errors: { url: string; code: number; text: string; port: number | null }[];
  /** Whether the browser said that there is no more. */
  complete: boolean;
}

/** Milliseconds for all of it; browsers themselves wait for ten seconds and more. */
const limit = 6000;

/** Gathers until the browser is done, or the limit. */
export async function gather(iceServers: RTCIceServer[]): Promise<Gathered> {
  const pc = new RTCPeerConnection({ iceServers });
  const found: Gathered = { candidates: [], errors: [], complete: false };
  try {
    pc.createDataChannel("gather");
    pc.onicecandidateerror = ({ url, errorCode, errorText, port }) =>
      found.errors.push({ url: url ?? "", code: errorCode, text: errorText, port });
    const done = new Promise<boolean>((resolve) => {
      pc.onicecandidate = ({ candidate }) => {
        if (!candidate) return resolve(true);
        const parsed = parseCandidate(candidate.candidate);
        if (parsed) found.candidates.push(parsed);
      };
      setTimeout(() => resolve(false), limit);
    });
    await pc.setLocalDescription();
    found.complete = await done;
    return found;
  } finally {
    pc.close();
  }
}

/**
 * Whether STUN did not answer. No mapped address is no sign of it: there may be
 * no router. It is when the browser waits, or complains of each of its sockets.
 */
export function isSilent({ candidates, errors, complete }: Gathered): boolean {
  if (candidates.some((c) => c.type === "srflx")) return false;
  const sockets = candidates.filter((c) => c.type === "host" && c.protocol === "udp");
  return !complete || (errors.length > 0 && sockets.every(({ port }) => errors.some((e) => e.port === port || e.port === null)));
}
