import { createTranslator } from 'use-intl/core'
import { describe, expect, it } from 'vitest'
import { en } from '#lib/i18n/en.ts'
import { fr } from '#lib/i18n/fr.ts'
import { NOTICE_CODES } from '#storage-engine/notice.ts'

type Tree = { readonly [key: string]: string | Tree }

function flatten(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flatten(value, `${path}${key}.`),
  )
}

/** Names of arguments and tags: "{count, plural, …} <b>…</b>" → ["<b>", "count"]. */
function placeholdersOf(text: string): string[] {
  const names = [...text.matchAll(/(?<!=\d )\{(\w+)[,}]/g)].map(([, name]) => name ?? '')
  const tags = [...text.matchAll(/<(\w+)>/g)].map(([tag]) => tag)
  return [...new Set([...names, ...tags])].sort()
}

const english = new Map(flatten(en))
const french = new Map(flatten(fr))

describe('messages', () => {
  it('have the same keys in every language', () => {
    expect([...french.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('ask for the same values in every language', () => {
    for (const [key, text] of english)
      expect([key, placeholdersOf(french.get(key) ?? '')]).toEqual([key, placeholdersOf(text)])
  })

  it('are never empty', () => {
    for (const [key, text] of [...english, ...french]) expect(text.trim(), key).not.toBe('')
  })

  it.each(['en', 'fr'] as const)('parse as ICU messages in %s', (locale) => {
    const errors: string[] = []
    const t = createTranslator({
      locale,
      messages: (locale === 'en' ? en : fr) as typeof en,
      onError: (error) => void errors.push(error.message),
    })
    const names = [...english.values()].flatMap(placeholdersOf)
    const sampleOf = (name: string) => (name === 'count' ? 2 : name.startsWith('<') ? (chunks: unknown) => chunks : 'x')
    const values = Object.fromEntries(names.map((name) => [name.replace(/[<>]/g, ''), sampleOf(name)]))
    for (const key of english.keys()) t.rich(key as never, values as never)
    expect(errors).toEqual([])
  })

  it('break no French line before its punctuation', () => {
    for (const [key, text] of french) expect(text, key).not.toMatch(/ [;:!?»]|« /)
    expect(fr.protection.switch.on.title).toBe('Chiffrer {name}\u202f?')
  })

  it('tell every notice of the engine', () => {
    expect(Object.keys(en.notices).sort()).toEqual([...NOTICE_CODES].sort())
  })

  it('follow the plural rules of each language', () => {
    const say = (locale: 'en' | 'fr', count: number) =>
      createTranslator({ locale, messages: (locale === 'en' ? en : fr) as typeof en })('uploads.finished', { count })
    expect([0, 1, 2].map((count) => say('en', count))).toEqual([
      '0 files uploaded',
      '1 file uploaded',
      '2 files uploaded',
    ])
    expect([0, 1, 2].map((count) => say('fr', count))).toEqual([
      '0 fichier envoyé',
      '1 fichier envoyé',
      '2 fichiers envoyés',
    ])
  })
})
