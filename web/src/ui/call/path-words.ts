// The path of a picture, and why, in a sentence. Pure.

import type { Catalogue } from "../../i18n";
import type { ConnectionKind, LivePath, PathReason, TrackStats } from "../../rtc";

/** How well a line does. */
export type Quality = "good" | "fair" | "poor";

/** What a path's sentence needs to know. */
export interface PathFacts {
  /** Null while nothing comes. */
  path: LivePath | null;
  reason: PathReason;
  /** The other's name. */
  name: string;
  /** How many people are here, oneself included. */
  people: number;
  /** What the connection to the server runs over; null while it is not known. */
  over: ConnectionKind | null;
}

/** The sentence; another one follows where media take a way to the server that costs. */
export function pathSentence(words: Catalogue, facts: PathFacts): string {
  const { path, over } = facts;
  const detour = path !== null && path !== "p2p" && over !== null && over !== "udp";
  return [reasonSentence(words, facts), detour && words.path.over[over]].filter(Boolean).join(words.gap);
}

function reasonSentence({ path: words }: Catalogue, { path, reason, name, people }: PathFacts): string {
  if (path === null) return words.none;
  if (path === "p2p") return words.direct(name);
  if (path === "mcu") return mixSentence(words, reason);
  switch (reason) {
    case "many":
    case "two":
      return words.many(people);
    case "proving":
      return words.proving(name);
    case "direct_failed":
      return words.direct_failed(name);
    case "direct_poor":
      return words.direct_poor(name);
    // Decided, but the mix is not seen yet.
    case "viewer":
    case "thin_line":
    case "weak_device":
    case "crowd":
      return words.mix_starting;
    default:
      return words[reason];
  }
}

/** Why one gets the mix. A reason of another path is of the one that one is about to take. */
export function mixSentence({ mixed }: Catalogue["path"], reason: PathReason): string {
  return Object.hasOwn(mixed, reason) ? mixed[reason as keyof typeof mixed] : mixed.other;
}

/** From one sample; null where there is none. Loss hurts first, then delay. */
export function qualityOf(stats: Pick<TrackStats, "loss" | "rtt"> | null): Quality | null {
  if (!stats) return null;
  if (stats.loss > 0.08 || stats.rtt > 600) return "poor";
  if (stats.loss > 0.02 || stats.rtt > 250) return "fair";
  return "good";
}
