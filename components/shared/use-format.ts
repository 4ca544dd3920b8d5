'use client'
import { useLocale } from 'use-intl'
import { formatAbsolute, formatBytes, formatExactBytes, formatRate, formatRelative, formatUntil } from '#lib/format.ts'

/** The formats of the reader's language. */
export function useFormat() {
  const locale = useLocale()
  return {
    bytes: (bytes: number) => formatBytes(bytes, locale),
    exactBytes: (bytes: number) => formatExactBytes(bytes, locale),
    rate: (bytesPerSecond: number) => formatRate(bytesPerSecond, locale),
    relative: (date: Date, now: Date) => formatRelative(date, now, locale),
    until: (date: Date, now: Date) => formatUntil(date, now, locale),
    absolute: (date: Date) => formatAbsolute(date, locale),
    day: (date: Date) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(date),
    count: (count: number) => new Intl.NumberFormat(locale).format(count),
    percent: (share: number) => new Intl.NumberFormat(locale, { style: 'percent' }).format(share),
  }
}
