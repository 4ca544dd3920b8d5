export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]

export const LOCALE_NAMES: Record<Locale, string> = { en: 'English', fr: 'Français' }
export const LOCALE_COOKIE = 'sceau-language'
export const LOCALE_COOKIE_SECONDS = 31_536_000

/** The language to answer in: the reader's choice, else the best of what the browser accepts, else English. */
export function resolveLocale(chosen: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(chosen)) return chosen
  const wanted = (acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map(parseRange)
    .filter(({ weight }) => weight > 0)
    .sort((left, right) => right.weight - left.weight)
  return wanted.map(({ language }) => language).find(isLocale) ?? 'en'
}

function isLocale(text: string | undefined): text is Locale {
  return LOCALES.some((locale) => locale === text)
}

/** "fr-CA;q=0.8" → { language: 'fr', weight: 0.8 } (RFC 9110 §12.5.4). */
function parseRange(range: string): { language: string; weight: number } {
  const [tag = '', ...parameters] = range.trim().toLowerCase().split(';')
  const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('q='))
  const weight = quality === undefined ? 1 : Number(quality.slice(2))
  return { language: tag.split('-')[0] ?? '', weight: Number.isFinite(weight) ? weight : 0 }
}
