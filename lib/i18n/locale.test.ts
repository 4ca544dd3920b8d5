import { describe, expect, it } from 'vitest'
import { resolveLocale } from '#lib/i18n/locale.ts'

describe('resolveLocale', () => {
  it('takes the choice over what the browser accepts', () => {
    expect(resolveLocale('fr', 'en-US,en')).toBe('fr')
    expect(resolveLocale('en', 'fr-FR')).toBe('en')
  })

  it.each([
    ['fr-CA,fr;q=0.9,en;q=0.8', 'fr'],
    ['en;q=0.4, fr;q=0.7', 'fr'],
    ['de-DE,de;q=0.9,fr;q=0.2', 'fr'],
    ['fr;q=0, en;q=0.1', 'en'],
    ['FR', 'fr'],
  ])('weighs %s', (header, expected) => {
    expect(resolveLocale(undefined, header)).toBe(expected)
  })

  it.each([null, '', '*', 'de', ';;;,q=,=', 'fr;q=abc'])('answers English to %j', (header) => {
    expect(resolveLocale('xx', header)).toBe('en')
  })
})
