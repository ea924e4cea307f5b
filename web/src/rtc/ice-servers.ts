// Which of the server's ICE servers are for what. Pure.

/** Whether it relays (RFC 7065: turn and turns), and does more than tell an address (RFC 7064: stun). */
export function isRelay({ urls }: RTCIceServer): boolean {
  return [urls].flat().some((url) => /^turns?:/i.test(url));
}

/** The ICE servers that only tell an address. */
export function withoutRelays(servers: readonly RTCIceServer[]): RTCIceServer[] {
  return servers.flatMap(({ urls }) => {
    const stun = [urls].flat().filter((url) => /^stuns?:/i.test(url));
    return stun.length > 0 ? [{ urls: stun }] : [];
  });
}
