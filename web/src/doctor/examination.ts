// The checks, run one after another.

import { Events } from "../protocol/events";
import { checkDevice, checkSecure } from "./checks-here";
import { checkAddresses, checkCandidates, checkMapping, checkSTUN, checkWay } from "./checks-media";
import { checkClock, checkServer, checkSignalling } from "./checks-server";
import { checkNames, emptyNotes, fine, verdictOf, wayNames, type CheckName, type Notes, type Outcome } from "./outcome";
import type { Finding } from "../protocol/messages";

type Check = (notes: Notes) => Outcome | Promise<Outcome>;

const checks: Readonly<Record<CheckName, Check>> = {
  secure: checkSecure,
  camera: () => checkDevice("camera"),
  microphone: () => checkDevice("microphone"),
  signalling: checkSignalling,
  server: checkServer,
  clock: checkClock,
  candidates: checkCandidates,
  stun: checkSTUN,
  mapping: checkMapping,
  ...(Object.fromEntries(wayNames.map((way) => [way, (notes: Notes) => checkWay(way, notes)])) as Record<(typeof wayNames)[number], Check>),
  addresses: checkAddresses,
};

/** Checks for which a person may be asked: the others don't wait for the answer. */
const asking: readonly CheckName[] = ["camera", "microphone"];

/** One run of all checks. */
export class Examination extends Events<{ changed: [] }> {
  readonly outcomes = new Map<CheckName, Outcome>();
  readonly running = new Set<CheckName>();
  /** All in one; null until the checks are through. */
  verdict: Finding | null = null;
  readonly notes = emptyNotes();
  private ended = false;

  /** Runs them. */
  async run(): Promise<void> {
    const devices = this.each(asking);
    await this.each(checkNames.filter((name) => !asking.includes(name)));
    this.verdict = verdictOf(this.outcomes, this.notes.info);
    this.changed();
    await devices;
  }

  /** The page goes: checks that are not begun are left out. */
  end(): void {
    this.ended = true;
  }

  private async each(names: readonly CheckName[]): Promise<void> {
    for (const name of names) {
      if (this.ended) return;
      this.running.add(name);
      this.changed();
      const outcome = await this.check(name);
      this.running.delete(name);
      this.outcomes.set(name, outcome);
      this.changed();
    }
  }

  /** A check that stumbles says so and stops nothing. */
  private async check(name: CheckName): Promise<Outcome> {
    try {
      return await checks[name](this.notes);
    } catch (error) {
      return { ...fine(String(error)), skipped: "no-server" };
    }
  }

  private changed(): void {
    if (!this.ended) this.emit("changed");
  }
}
