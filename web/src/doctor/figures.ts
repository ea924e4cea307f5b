// Loss and delay of a series of messages that came back, or didn't. Pure.

/** What a way carried. */
export interface Figures {
  sent: number;
  /** 0 to 1. */
  loss: number;
  /** The median of the times there and back, milliseconds; 0 if nothing came. */
  delay: number;
}

/** The times of the echoes in milliseconds, out of so many messages. */
export function figuresOf(sent: number, times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const delay = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { sent, loss: sent > 0 ? 1 - Math.min(times.length, sent) / sent : 0, delay };
}

/** From so much loss one hears it, and from so much delay people talk at the same time. */
export const lossLimit = 0.03;
export const delayLimit = 300;
