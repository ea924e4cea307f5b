// Sentences with a number in them.

/** The forms of a sentence; # stands for the number. A language uses those of its own categories. */
export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Makes the sentences of one language: the form follows the number (CLDR plural rules). */
export function pluralIn(language: string): (forms: PluralForms) => (n: number) => string {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language);
  return (forms) => (n) => (forms[rules.select(n)] ?? forms.other).replaceAll("#", digits.format(n));
}
