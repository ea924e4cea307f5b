// Checks of the way to the server by HTTP and WebSocket, and of what it says of itself.

import { signalAddress } from "../protocol/address";
import type { DoctorInfo } from "../protocol/messages";
import { fine, found, skipped, type Notes, type Outcome } from "./outcome";

/** Milliseconds. */
const limit = 8000;
/** Seconds by which clocks may differ. */
const skewLimit = 30;

/** Opens the signalling's WebSocket, and says nothing on it. */
export function checkSignalling(): Promise<Outcome> {
  const url = signalAddress("", location.href);
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const end = (outcome: Outcome): void => {
      socket.onopen = socket.onclose = null;
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end(found("signalling_failed", { url, error: `${limit / 1000} s` })), limit);
    socket.onopen = () => end(fine(url, `${Math.round(performance.now() - began)} ms`));
    socket.onclose = ({ code }) => end(found("signalling_failed", { url, error: `WebSocket ${code}` }));
  });
}

/** Asks the server about itself, for this check and those that follow. */
export async function checkServer(notes: Notes): Promise<Outcome> {
  const url = new URL("/api/doctor", location.href).href;
  try {
    const began = Date.now();
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(limit) });
    if (!response.ok) return found("not_tutti", { url, error: `HTTP ${response.status}` });
    notes.info = (await response.json()) as DoctorInfo;
    notes.asked = (began + Date.now()) / 2;
  } catch (error) {
    return found("not_tutti", { url, error: error instanceof Error ? error.message : String(error) });
  }
  const { version, client, server, findings } = notes.info;
  return { findings, facts: [`tutti ${version}`, `${server.host}:${server.port}`, ...server.addresses, `← ${client.address}`] };
}

/** Compares the two clocks. */
export function checkClock({ info, asked }: Notes): Outcome {
  if (!info) return skipped("no-server");
  const seconds = Math.round((asked - info.time) / 1000);
  const fact = `${seconds > 0 ? "+" : ""}${seconds} s`;
  return Math.abs(seconds) > skewLimit ? found("clock_skew", { seconds: String(Math.abs(seconds)) }, fact) : fine(fact);
}
