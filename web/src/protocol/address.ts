// Where the signalling is found.

/** The WebSocket address of the server at base; page is the address that a relative or empty base refers to. */
export function signalAddress(base: string, page: string): string {
  const url = new URL(base === "" ? "/" : base, page);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith("/api/ws") ? path : `${path}/api/ws`;
  url.search = "";
  url.hash = "";
  return url.href;
}
