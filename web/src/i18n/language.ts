// Which language the page speaks. Pure.

/** The languages there are, by their own names. */
export const languageNames = { en: "English", zh: "简体中文" } as const;

/** A language that there is a catalogue of. */
export type Language = keyof typeof languageNames;

/** The value of the lang attribute (BCP 47). */
export const languageTags: Readonly<Record<Language, string>> = { en: "en", zh: "zh-Hans" };

/** Whether this is the code of a language that there is. */
export function isLanguage(code: unknown): code is Language {
  return typeof code === "string" && code in languageNames;
}

/** What the person chose, else the first that the browser asks for and there is, else English. */
export function chooseLanguage(chosen: Language | null, preferred: readonly string[]): Language {
  if (chosen) return chosen;
  const codes = preferred.map((tag) => tag.toLowerCase().split("-")[0]);
  return codes.find(isLanguage) ?? "en";
}
