// The words of the page, in the language of the person who reads it.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en, type Catalogue } from "./en";
import type { Language } from "./language";
import { zh } from "./zh";

export type { Catalogue } from "./en";
export type { Fault } from "./en-faults";
export * from "./language";

/** The catalogues by language. */
export const catalogues: Readonly<Record<Language, Catalogue>> = { en, zh };

/** The language that is spoken below. */
export const LanguageContext = createContext<Language>("en");

/** The language that is spoken here. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** The words of that language. */
export function useWords(): Catalogue {
  return catalogues[useLanguage()];
}
