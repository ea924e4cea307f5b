// How long to wait before the next attempt to reconnect.

/** Milliseconds before the second attempt, doubled each time. */
export const firstDelay = 300;
/** Milliseconds that no wait exceeds. */
export const longestDelay = 10_000;

/**
 * The wait in milliseconds before attempt n, counted from 1. The first is
 * nearly at once; random in [0, 1) spreads clients that were lost together.
 */
export function backoff(n: number, random: number): number {
  if (n <= 1) return Math.round(100 * random);
  const full = Math.min(longestDelay, firstDelay * 2 ** (n - 1));
  return Math.round(full * (0.5 + 0.5 * random));
}
