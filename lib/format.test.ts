import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatExactBytes,
  formatRate,
  formatRelative,
  formatUntil,
  truncateMiddle,
  visibleName,
} from '#lib/format.ts'

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1_048_575, '1,024 KiB'],
    [37_000_000, '35.3 MiB'],
    [5 * 1024 ** 4, '5 TiB'],
    [2 ** 63, '8,192 PiB'],
  ])('shows %i as %s', (bytes, expected) => {
    expect(plain(formatBytes(bytes, 'en'))).toBe(expected)
  })

  it('speaks French', () => {
    expect(plain(formatBytes(1536, 'fr'))).toBe('1,5 Kio')
    expect(plain(formatExactBytes(1536, 'fr'))).toBe('1 536 o')
    expect(plain(formatRate(13_107_200, 'fr'))).toBe('12,5 Mio/s')
  })
})

describe('formatDuration', () => {
  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [61, '2 min'],
    [3_600, '1 h'],
    [3_725, '1 h 3 min'],
  ])('rounds %f seconds up to %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected)
  })
})

describe('formatRelative', () => {
  const now = new Date('2026-05-10T12:00:00Z')
  const ago = (seconds: number, language: 'en' | 'fr' = 'en') =>
    formatRelative(new Date(now.getTime() - seconds * 1000), now, language)

  it('counts in the largest whole unit', () => {
    expect(ago(10)).toBe('now')
    expect(ago(90)).toBe('1 minute ago')
    expect(ago(86_400)).toBe('yesterday')
    expect(ago(12 * 86_400)).toBe('1 week ago')
    expect(ago(3 * 3_600, 'fr')).toBe('il y a 3 heures')
  })

  it('never shows a future when clocks differ', () => {
    expect(ago(-600)).toBe('now')
  })
})

describe('formatUntil', () => {
  const now = new Date('2026-05-10T12:00:00Z')
  const within = (seconds: number, language: 'en' | 'fr' = 'en') =>
    formatUntil(new Date(now.getTime() + seconds * 1000), now, language)

  it('counts down in whole days, hours, minutes and seconds', () => {
    expect(within(21 * 86_400 - 1)).toBe('in 20 days')
    expect(within(86_399)).toBe('in 23 hours')
    expect(within(90)).toBe('in 1 minute')
    expect(within(42, 'fr')).toBe('dans 42 secondes')
  })

  it('stops at nothing', () => {
    expect(within(-5)).toBe('in 0 seconds')
  })
})

describe('truncateMiddle', () => {
  it('keeps the end, which tells the type', () => {
    expect(truncateMiddle('short.txt', 20)).toBe('short.txt')
    expect(truncateMiddle('a-very-long-annual-report.pdf', 15)).toBe('a-very-…ort.pdf')
    expect([...truncateMiddle('😀'.repeat(40), 11)]).toHaveLength(11)
  })
})

describe('visibleName', () => {
  it('marks characters that deceive the eye', () => {
    expect(visibleName('invoice\u202Efdp.exe')).toBe('invoice⟨U+202E⟩fdp.exe')
    expect(visibleName('a\u0000b\u200bc')).toBe('a⟨U+0000⟩b⟨U+200B⟩c')
    expect(visibleName('été 東京 😀')).toBe('été 東京 😀')
  })
})
