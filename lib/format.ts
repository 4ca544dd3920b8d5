const SYMBOLS = {
  en: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
  fr: ['o', 'Kio', 'Mio', 'Gio', 'Tio', 'Pio'],
} as const

export type Language = keyof typeof SYMBOLS

/** 1536 → "1.5 KiB" (French: "1,5 Kio"): three significant digits, powers of 1024. */
export function formatBytes(bytes: number, language: Language): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SYMBOLS.en.length - 1)
  const scaled = bytes / 1024 ** power
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: scaled < 1000 ? 3 : 4 }).format(scaled)
  return `${number}\u00a0${SYMBOLS[language][power]}`
}

/** 1536 → "1,536 B": for whoever compares with a client's output. */
export function formatExactBytes(bytes: number, language: Language): string {
  return `${new Intl.NumberFormat(language).format(bytes)}\u00a0${SYMBOLS[language][0]}`
}

/** Bytes a second → "12.5 MiB/s". */
export function formatRate(bytesPerSecond: number, language: Language): string {
  return `${formatBytes(Math.round(bytesPerSecond), language)}/s`
}

/** 3725 → "1 h 2 min", 42 → "42 s"; rounded up so that it never promises too much. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.ceil(whole / 60)
  if (minutes < 60) return `${minutes} min`
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** "3 hours ago", "il y a 3 heures"; below a minute "now". Clock skew never shows a future. */
export function formatRelative(date: Date, now: Date, language: Language): string {
  const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1000)
  for (const [unit, size] of STEPS) {
    // "yesterday" is exact, "last month" is not.
    const numeric = unit === 'day' ? 'auto' : 'always'
    if (seconds >= size)
      return new Intl.RelativeTimeFormat(language, { numeric }).format(-Math.floor(seconds / size), unit)
  }
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(0, 'second')
}

/** "in 20 days", "in 3 minutes", "in 12 seconds"; never past. Rounded down, so that it never promises more than there is. */
export function formatUntil(date: Date, now: Date, language: Language): string {
  const seconds = Math.max(0, (date.getTime() - now.getTime()) / 1000)
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  const [unit, size] = STEPS.slice(3).find(([, size]) => seconds >= size) ?? ['second', 1]
  return format.format(Math.floor(seconds / size), unit)
}

/** Date and time in the reader's zone, to the second, with the zone's name. */
export function formatAbsolute(date: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long' }).format(date)
}

/** Keeps both ends of a long name, since the end tells the type: "annual-rep…2026.pdf". */
export function truncateMiddle(text: string, lengthMax: number): string {
  const characters = [...text]
  if (characters.length <= lengthMax) return text
  const tail = Math.floor((lengthMax - 1) / 2)
  return `${characters.slice(0, lengthMax - 1 - tail).join('')}…${characters.slice(-tail).join('')}`
}

// Direction overrides and invisible characters let "exe.gpj" read as "jpg.exe".
// biome-ignore lint/suspicious/noControlCharactersInRegex: these very characters must become visible
const DECEIVING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A key as it may be shown: characters that deceive the eye become visible marks. */
export function visibleName(name: string): string {
  return name.replace(
    DECEIVING,
    (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}
