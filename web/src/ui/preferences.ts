// What the page remembers of its person, in this browser only.

import { isLanguage, type Language } from "../i18n/language";
import { Store, useStore } from "./store";

/** A look that was chosen, or "auto". */
export type Theme = "auto" | "light" | "dark";

/** A room that one was in. */
export interface RecentRoom {
  room: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** What is remembered. */
export interface Preferences {
  /** Null follows the browser. */
  language: Language | null;
  theme: Theme;
  name: string;
  /** Device ids, "" for the system's choice. */
  camera: string;
  microphone: string;
  speaker: string;
  cameraOn: boolean;
  microphoneOn: boolean;
  /** One's own picture beside the program. */
  selfView: boolean;
  /** The newest first. */
  recent: readonly RecentRoom[];
}

const key = "tutti";
const maxRecent = 6;

const fresh: Preferences = {
  language: null, theme: "auto", name: "", camera: "", microphone: "", speaker: "", cameraOn: true, microphoneOn: true, selfView: true,
  recent: [],
};

/** Reads what was stored; what is missing or makes no sense is as on the first day. */
export function parsePreferences(text: string | null): Preferences {
  let stored: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value === "object" && value !== null) stored = value as Record<string, unknown>;
  } catch {
    // Somebody else wrote it.
  }
  const string = (name: string): string => (typeof stored[name] === "string" ? stored[name] : "");
  const flag = (name: string): boolean => stored[name] !== false;
  const { language, theme, recent } = stored;
  return {
    language: isLanguage(language) ? language : null,
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    name: string("name").slice(0, 64),
    camera: string("camera"),
    microphone: string("microphone"),
    speaker: string("speaker"),
    cameraOn: flag("cameraOn"),
    microphoneOn: flag("microphoneOn"),
    selfView: flag("selfView"),
    recent: Array.isArray(recent) ? recent.filter(isRecent).slice(0, maxRecent) : [],
  };
}

function isRecent(value: unknown): value is RecentRoom {
  const { room, at } = (value ?? {}) as Partial<RecentRoom>;
  return typeof room === "string" && typeof at === "number";
}

/** The list with this room in front. */
export function withRecent(recent: readonly RecentRoom[], room: string, at: number): readonly RecentRoom[] {
  return [{ room, at }, ...recent.filter((r) => r.room !== room)].slice(0, maxRecent);
}

function read(): Preferences {
  try {
    return parsePreferences(localStorage.getItem(key));
  } catch {
    // Storage is forbidden here: the page forgets.
    return fresh;
  }
}

const store = new Store<Preferences>(read());

/** What is remembered now. */
export function preferences(): Preferences {
  return store.value;
}

/** Remembers something else. */
export function remember(change: Partial<Preferences>): void {
  const next = { ...store.value, ...change };
  store.set(next);
  try {
    localStorage.setItem(key, JSON.stringify(next));
  } catch {
    // Full or forbidden: it holds until the page is closed.
  }
}

/** What is remembered, for components. */
export function usePreferences(): Preferences {
  return useStore(store);
}
