/** The languages that messages are written in. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ka'] as const;

/** A language that messages are written in. */
export type Language = (typeof LANGUAGES)[number];

/**
 * The language of a message: that of the first locale which we can write, else English.
 * @param locales BCP 47 tags, the preferred one first: the user's, the application's
 */
export function languageOf(...locales: readonly (string | null | undefined)[]): Language {
  for (const locale of locales) {
    const wanted = locale?.split('-', 1)[0]?.toLowerCase();
    const known = LANGUAGES.find((language) => language === wanted);
    if (known !== undefined) return known;
  }
  return 'en';
}
