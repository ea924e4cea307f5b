// Bits per second as people read them. Pure.

/** "1.4 Mbit/s", "48 kbit/s". */
export function rateText(tag: string, bits: number): string {
  const mega = bits >= 999_500;
  const value = bits / (mega ? 1_000_000 : 1000);
  const text = value.toLocaleString(tag, { maximumFractionDigits: mega ? 1 : 0 });
  return `${text} ${mega ? "Mbit/s" : "kbit/s"}`;
}
