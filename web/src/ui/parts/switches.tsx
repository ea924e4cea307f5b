// Language and look.

import { languageNames, useLanguage, useWords, type Language } from "../../i18n";
import { remember, usePreferences, type Theme } from "../preferences";
import { Segments, Select, type Option } from "./controls";

const languages = Object.entries(languageNames) as [Language, string][];

/** The language, as a quiet list. */
export function LanguageSwitch({ kind = "inline" }: { kind?: "inline" | "field" }) {
  const words = useWords();
  return (
    <Select
      kind={kind}
      icon={kind === "inline" ? "language" : undefined}
      label={words.language}
      value={useLanguage()}
      options={languages}
      testId="language-switch"
      onChoose={(language) => remember({ language })}
    />
  );
}

function useThemes(): readonly Option<Theme>[] {
  const { themes } = useWords();
  return [["auto", themes.auto], ["light", themes.light], ["dark", themes.dark]];
}

/** Light or dark, as a quiet list. */
export function ThemeSwitch() {
  const words = useWords();
  const { theme } = usePreferences();
  return (
    <Select
      kind="inline"
      icon="look"
      label={words.theme}
      value={theme}
      options={useThemes()}
      testId="theme-switch"
      onChoose={(chosen) => remember({ theme: chosen })}
    />
  );
}

/** Light or dark, side by side. */
export function ThemeSegments() {
  const words = useWords();
  const { theme } = usePreferences();
  return <Segments label={words.theme} value={theme} options={useThemes()} onChoose={(chosen) => remember({ theme: chosen })} />;
}
