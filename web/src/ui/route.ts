// Addresses of the page: "/" is home, "/r/{room}" is a room, "/doctor" looks
// for what stands in the way of calls.

import { Store, useStore } from "./store";

/** Where the page is. */
export type Route = { page: "home" } | { page: "room"; room: string } | { page: "doctor" };

/** Characters that a room's name may have. */
export const maxRoomName = 64;

/** The path of the doctor. */
export const doctorPath = "/doctor";

/** What a path means. */
export function parseRoute(path: string): Route {
  if (path.replace(/\/$/, "") === doctorPath) return { page: "doctor" };
  const [, encoded] = /^\/r\/([^/]+)\/?$/.exec(path) ?? [];
  const room = encoded === undefined ? "" : decode(encoded);
  return room ? { page: "room", room } : { page: "home" };
}

/** The path of a room. */
export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** The room that somebody means who typed or pasted this: a name or a link. "" if it is neither. */
export function roomFromInput(text: string): string {
  const trimmed = text.trim();
  const [, encoded] = /\/r\/([^/?#\s]+)/.exec(trimmed) ?? [];
  const room = encoded !== undefined ? decode(encoded) : trimmed;
  const fits = room !== "" && [...room].length <= maxRoomName && !/[\p{Cc}\p{Co}/]/u.test(room);
  return fits ? room : "";
}

/** The access token that a link carries, in its query or, unseen by servers, behind its #. */
export function tokenFrom(search: string, hash: string): string | undefined {
  const found = new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? new URLSearchParams(search).get("token");
  return found || undefined;
}

/** The name that a token gives its bearer, "" for none. The server checks the token; here it only tells. */
export function nameInToken(token: string | undefined): string {
  const [, payload = ""] = token?.split(".") ?? [];
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const { name } = claims as { name?: unknown };
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

const route = new Store<Route>(parseRoute(typeof location === "undefined" ? "/" : location.pathname));

/** Where the page is, for components. */
export function useRoute(): Route {
  return useStore(route);
}

/** Goes to another page. */
export function go(path: string): void {
  history.pushState(null, "", path);
  route.set(parseRoute(path));
}

/** Follows the browser's back and forward buttons. */
export function followHistory(): void {
  addEventListener("popstate", () => route.set(parseRoute(location.pathname)));
}
