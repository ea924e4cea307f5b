// Media's way to the server tried for real: a connection that is held to one
// way, and messages that the server sends back on it.

import { DoctorProbeLabel } from "../protocol/messages";
import { readSelected } from "../rtc/connection";
import { candidatesIn, keepCandidates, type Candidate } from "./candidates";
import { figuresOf, type Figures } from "./figures";

/** A way to hold a connection to. */
export interface Way {
  /** Through this server's relay only; otherwise without any. */
  relay?: RTCIceServer;
  /** Which of the server's candidates are tried. */
  keep(candidate: Candidate): boolean;
}

/** How a probe went. */
export interface Probed {
  /** Null if no connection came about. */
  figures: Figures | null;
  /** The server's addresses that were tried: whether each answered. */
  answers: { address: string; answered: boolean }[];
  /** Whether the own candidate is what it should be, for the report. */
  over: string;
  /** STUN's and the browser's errors of the relay. */
  errors: { code: number; text: string }[];
}

/** The server has refused the probe, or can't be asked. */
export class ProbeError extends Error {
  constructor(readonly status: number, text: string) {
    super(text);
    this.name = "ProbeError";
  }
}

/** Milliseconds for a connection to come about, and for the last echo. */
const connectLimit = 8000;
const echoLimit = 1500;
const messages = 50;
/** Milliseconds between two messages: the pace of sound. */
const pace = 20;
/** Bytes of a message: about those of a packet of pictures. */
const size = 1000;
/** Seconds to wait at most when the server wants fewer probes. */
const waitLimit = 60;

/** Tries a way. Rejects with ProbeError. */
export async function probe({ relay, keep }: Way): Promise<Probed> {
  const pc = new RTCPeerConnection(relay ? { iceServers: [relay], iceTransportPolicy: "relay" } : {});
  const errors: Probed["errors"] = [];
  try {
    const channel = pc.createDataChannel(DoctorProbeLabel, { ordered: false, maxRetransmits: 0 });
    channel.binaryType = "arraybuffer";
    pc.onicecandidateerror = ({ errorCode, errorText }) => errors.push({ code: errorCode, text: errorText });
    await pc.setLocalDescription();
    const answer = await exchange(pc.localDescription?.sdp ?? "");
    const sdp = keepCandidates(answer, keep);
    await pc.setRemoteDescription({ type: "answer", sdp });
    const figures = (await opened(pc, channel)) ? await measure(channel) : null;
    const report = [...((await pc.getStats()).values() as Iterable<Record<string, unknown>>)];
    return { figures, answers: answersOf(report, candidatesIn(sdp)), over: overOf(report), errors };
  } finally {
    pc.close();
  }
}

async function exchange(offer: string): Promise<string> {
  for (let first = true; ; first = false) {
    const response = await fetch("/api/doctor/probe", { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer });
    const text = await response.text();
    if (response.ok) return text;
    const wait = Number(response.headers.get("Retry-After") ?? 0);
    if (response.status !== 429 || !first || !(wait > 0 && wait <= waitLimit)) throw new ProbeError(response.status, text.trim());
    await sleep(wait * 1000);
  }
}

function opened(pc: RTCPeerConnection, channel: RTCDataChannel): Promise<boolean> {
  return new Promise((resolve) => {
    channel.onopen = () => resolve(true);
    pc.onconnectionstatechange = () => pc.connectionState === "failed" && resolve(false);
    setTimeout(() => resolve(false), connectLimit);
  });
}

async function measure(channel: RTCDataChannel): Promise<Figures> {
  const times = new Map<number, number>();
  const sentAt: number[] = [];
  const all = new Promise<void>((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer) || data.byteLength < 4) return;
      const number = new DataView(data).getUint32(0);
      const at = sentAt[number];
      if (at !== undefined && !times.has(number)) times.set(number, performance.now() - at);
      if (times.size === messages) resolve();
    };
  });
  for (let i = 0; i < messages && channel.readyState === "open"; i++) {
    const message = new ArrayBuffer(size);
    new DataView(message).setUint32(0, i);
    sentAt.push(performance.now());
    channel.send(message);
    await sleep(pace);
  }
  await Promise.race([all, sleep(echoLimit)]);
  return figuresOf(messages, [...times.values()]);
}

/** Whether each of the server's addresses answered: only of those that were really asked. */
function answersOf(report: readonly Record<string, unknown>[], remotes: readonly Candidate[]): Probed["answers"] {
  const byId = new Map(report.map((stats) => [stats["id"], stats]));
  const answers = new Map<string, boolean>();
  for (const pair of report) {
    if (pair["type"] !== "candidate-pair") continue;
    const remote = byId.get(pair["remoteCandidateId"]);
    const known = remotes.find((c) => c.address === (remote?.["address"] ?? remote?.["ip"]) && c.port === remote?.["port"]);
    const answered = Number(pair["responsesReceived"] ?? 0) > 0;
    // One question may have been lost, or be under way.
    if (!known || (!answered && Number(pair["requestsSent"] ?? 0) < 3)) continue;
    answers.set(known.address, (answers.get(known.address) ?? false) || answered);
  }
  return [...answers].map(([address, answered]) => ({ address, answered }));
}

function overOf(report: readonly Record<string, unknown>[]): string {
  const candidate = readSelected(report)?.candidate;
  return candidate ? [candidate.local_type, candidate.protocol, candidate.relay_protocol].filter(Boolean).join("/") : "";
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
