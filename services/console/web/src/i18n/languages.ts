export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** What was chosen here before, else the first that the browser names and we speak. */
export function preferredLanguage(chosen: string | null, browser: readonly string[]): Language {
  const known = (tag: string | null): Language | undefined =>
    languages.find((language) => language === tag?.toLowerCase().split('-', 1)[0]);
  return known(chosen) ?? browser.map(known).find((language) => language !== undefined) ?? 'en';
}
