import { renderToStaticMarkup } from 'react-dom/server'
import { IntlProvider } from 'use-intl'
import { expect, test } from 'vitest'
import { HistoryFacts } from '#components/encryption/history-facts.tsx'
import { en } from '#lib/i18n/en.ts'
import { fr } from '#lib/i18n/fr.ts'

const MIB = 1_048_576

function tell(details: Record<string, unknown>, { locale = 'en' as 'en' | 'fr', action = 'any.act' } = {}): string {
  const messages = (locale === 'en' ? en : fr) as typeof en
  const html = renderToStaticMarkup(
    <IntlProvider locale={locale} messages={messages} timeZone="UTC">
      <HistoryFacts action={action} details={details} />
    </IntlProvider>,
  )
  return html.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ').replaceAll('&quot;', '"')
}

const wordsOf = (html: string) => html.replace(/<[^>]*>/g, '')

test('tells a switch with its direction, what is stored and the rate', () => {
  const details = { before: 'off', after: 'on', existing: 'convert', rateLimit: 50 * MIB }
  expect(wordsOf(tell(details))).toBe('Off → On · stored data too · at most 50 MiB/s')
  expect(wordsOf(tell(details, { locale: 'fr' }))).toBe(
    'Désactivé → Activé · données stockées aussi · 50 Mio/s au plus',
  )
  expect(wordsOf(tell({ rateLimit: null }))).toBe('without a limit')
})

test('tells versions, days, counts and root keys', () => {
  expect(wordsOf(tell({ version: 12_345 }))).toBe('version 12345')
  expect(wordsOf(tell({ error: 'KeyIsInUse', version: 2 }))).toBe(`version 2 · ${en.errors.code.KeyIsInUse}`)
  expect(wordsOf(tell({ days: 1 }))).toBe('after 1 day')
  expect(wordsOf(tell({ days: 9 }, { locale: 'fr' }))).toBe('dans 9 jours')
  expect(wordsOf(tell({ state: 'done', count: 2, message: null, notice: null }))).toBe('2 keys · complete')
  const id = '8000705a-1a65-4692-8f0c-aad2aeb3c323'
  expect(tell({ id }, { action: 'root-key.rotate' })).toMatch(
    /in place of <span[^>]* title="8000705a-1a65-4692-8f0c-aad2aeb3c323">/,
  )
  expect(wordsOf(tell({ scheduledBy: 'command line' }, { locale: 'fr' }))).toBe('prévue par la ligne de commande')
})

test('tells why something failed in the language of the reader', () => {
  expect(wordsOf(tell({ error: 'KeyIsInUse' }, { locale: 'fr' }))).toBe(fr.errors.code.KeyIsInUse)
  const told = { message: '2 keys do not open.', notice: { code: 'keys-unreadable', values: { count: 2 } } }
  expect(wordsOf(tell(told, { locale: 'fr' }))).toBe('2 clés ne s’ouvrent pas et restent en l’état.')
  expect(wordsOf(tell({ message: 'A sentence of an old row.' }))).toBe('A sentence of an old row.')
})

test('shows what it has no words for as the audit spells it', () => {
  expect(tell({ colour: 'red' })).toContain('<code class="break-all font-mono">colour: red</code>')
  expect(wordsOf(tell({ rateLimit: 'fast', days: [1] }))).toBe('rateLimit: fast · days: [1]')
  expect(wordsOf(tell({ before: 'a', after: { b: 1 } }))).toBe('a → {"b":1}')
  expect(wordsOf(tell({ error: 'NewCode' }))).toBe('NewCode')
  expect(wordsOf(tell({ toString: 1, before: 'on' }))).toBe('toString: 1 · before: on')
  expect(tell({})).toBe('')
})
