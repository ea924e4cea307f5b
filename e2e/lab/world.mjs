// What is around a story: the server and the networks, which the Go test holds,
// and the figures that it collects.

import { request } from "node:http";

const { E2E_URL, E2E_SERVER, E2E_CONTROL, E2E_ARTIFACTS, E2E_CHROMIUM } = process.env;

/** Where browsers go: a proxy that has the test page at /e2e/ and can be cut. */
export const url = E2E_URL;
/** The server itself. */
export const direct = E2E_SERVER;
/** A folder for what a failed story leaves behind. */
export const artifacts = E2E_ARTIFACTS;
/** One Chromium, or one for each machine that people are on. */
export const chromiumPaths = E2E_CHROMIUM.split(":");

function ask(what, ...args) {
  const query = args.map((arg) => `arg=${encodeURIComponent(arg)}`).join("&");
  return new Promise((resolve, reject) => {
    const question = request({ socketPath: E2E_CONTROL, path: `/${what}?${query}`, method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${what}: ${text}`));
      });
    });
    question.on("error", reject).end();
  });
}

export const world = {
  /** Starts, stops (in order) and kills the server. */
  start: () => ask("start"),
  stop: () => ask("stop"),
  kill: () => ask("kill"),
  /** Breaks every connection of signalling; new ones are taken. */
  cut: () => ask("cut"),
  /** Breaks them and refuses new ones, until open. */
  shut: () => ask("shut"),
  open: () => ask("open"),
  /** Runs `tutti token` with these arguments. */
  token: (...args) => ask("token", ...args),
  /** A token whose time is over. */
  expiredToken: () => ask("expired-token"),
  /** One sum of the server's metrics, over all labels that contain these texts. */
  async metric(name, ...labels) {
    const lines = (await ask("metrics")).split("\n").filter((line) => new RegExp(`^${name}[ {]`).test(line));
    return lines.filter((line) => labels.every((l) => line.includes(l))).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  },
  /**
   * Brings somebody of the cast to the room "stage" by a Go client, with a camera and a microphone that people can see
   * and hear; "beeps": a short tone each second with a white picture, "quiet": no microphone, "fast": 30 pictures a
   * second.
   */
  act: (name, ...how) => ask("act", name, ...how),
  leave: (name) => ask("leave", name),
  /** Gives the browsers' computer another address. */
  move: () => ask("move"),
  blockUDP: () => ask("block-udp"),
  openUDP: () => ask("open-udp"),
};

/** Puts a figure into the table of the run. */
export function measured(what, value, unit) {
  console.log(`measured ${JSON.stringify({ what, value, unit })}`);
}

const began = Date.now();

/** Says what the story comes to. */
export function step(text) {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

/** Asks until the answer is true, and returns it. what says what was waited for. */
export async function until(what, question, within = 30_000) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      last = await question();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${within} ms (${last instanceof Error ? last.message : JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
