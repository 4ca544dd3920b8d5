import { describe, expect, it } from 'vitest'
import type { LifecycleRule } from '#storage-engine/bucket-settings.ts'
import {
  currentExpiry,
  DAY_MS,
  dueTransition,
  type Moving,
  markerExpiry,
  noncurrentExpiry,
  uploadAbort,
} from '#storage-engine/buckets/lifecycle-due.ts'

const SINCE = Date.parse('2026-03-10T15:04:05.678Z')
const midnight = (date: string) => Date.parse(`${date}T00:00:00Z`)
const subject = { key: 'logs/a', size: 10, tags: [['team', 'red']] as const }

function rule(content: Partial<LifecycleRule>): LifecycleRule {
  return { id: 'r', isEnabled: true, filter: { form: 'filter' }, ...content }
}
const rulesOf = (...rules: LifecycleRule[]) => ({ rules, dayMs: DAY_MS })
const expiresAfter = (days: number, content: Partial<LifecycleRule> = {}) => rule({ expiration: { days }, ...content })

describe('the expiry of a current version', () => {
  it('is the midnight after its days are over', () => {
    expect(currentExpiry(rulesOf(expiresAfter(1)), subject, SINCE)).toEqual({ at: midnight('2026-03-12'), ruleId: 'r' })
    const written = midnight('2026-03-10')
    expect(currentExpiry(rulesOf(expiresAfter(1)), subject, written)?.at).toBe(midnight('2026-03-11'))
  })

  it('is not rounded when days are shortened', () => {
    expect(currentExpiry({ rules: [expiresAfter(3)], dayMs: 2_000 }, subject, SINCE)?.at).toBe(SINCE + 6_000)
  })

  it('is the date of a rule that has one', () => {
    const dated = rule({ expiration: { date: '2015-01-01T00:00:00.000Z' } })
    expect(currentExpiry(rulesOf(dated), subject, SINCE)?.at).toBe(midnight('2015-01-01'))
  })

  it('is the earliest of several rules', () => {
    const rules = rulesOf(expiresAfter(5, { id: 'late' }), expiresAfter(2, { id: 'soon' }), expiresAfter(9))
    expect(currentExpiry(rules, subject, SINCE)?.ruleId).toBe('soon')
  })

  it.each<[string, Partial<LifecycleRule>, boolean]>([
    ['another prefix', { filter: { form: 'prefix', prefix: 'data/' } }, false],
    ['its prefix', { filter: { form: 'prefix', prefix: 'logs/' } }, true],
    ['a tag it has', { filter: { form: 'filter', tags: [['team', 'red']] } }, true],
    ['a tag of another value', { filter: { form: 'filter', tags: [['team', 'blue']] } }, false],
    [
      'one tag too many',
      {
        filter: {
          form: 'filter-and',
          tags: [
            ['team', 'red'],
            ['x', ''],
          ],
        },
      },
      false,
    ],
    ['its very size as what must be exceeded', { filter: { form: 'filter', sizeGreaterThan: 10 } }, false],
    ['a size that it exceeds', { filter: { form: 'filter', sizeGreaterThan: 9 } }, true],
    ['its very size as what it must stay under', { filter: { form: 'filter', sizeLessThan: 10 } }, false],
    ['a size that it stays under', { filter: { form: 'filter', sizeLessThan: 11 } }, true],
    ['a rule that is switched off', { isEnabled: false }, false],
    ['a rule for markers', { expiration: { expiredObjectDeleteMarker: true } }, false],
  ])('of a rule with %s: %o applies %s', (_name, content, applies) => {
    expect(currentExpiry(rulesOf(expiresAfter(1, content)), subject, SINCE) !== null).toBe(applies)
  })
})

describe('the expiry of a noncurrent version', () => {
  const noncurrent = rule({ noncurrentExpiration: { days: 2, newerVersions: 3 } })

  it('counts from when it became noncurrent, and keeps the newest', () => {
    const due = noncurrentExpiry(rulesOf(noncurrent), subject, { since: SINCE, newerCount: 3 })
    expect(due?.at).toBe(midnight('2026-03-13'))
    expect(noncurrentExpiry(rulesOf(noncurrent), subject, { since: SINCE, newerCount: 2 })).toBeNull()
  })
})

describe('the expiry of a lone delete marker', () => {
  it('is at once when a rule says so, and after its days with an age', () => {
    const atOnce = rulesOf(rule({ expiration: { expiredObjectDeleteMarker: true } }))
    expect(markerExpiry(atOnce, 'a', SINCE)?.at).toBe(SINCE)
    expect(markerExpiry(rulesOf(expiresAfter(1)), 'a', SINCE)?.at).toBe(midnight('2026-03-12'))
    expect(markerExpiry(rulesOf(rule({ expiration: { expiredObjectDeleteMarker: false } })), 'a', SINCE)).toBeNull()
    expect(markerExpiry(rulesOf(rule({ expiration: { date: '2015-01-01T00:00:00.000Z' } })), 'a', SINCE)).toBeNull()
  })

  it('never follows from a rule by tag, as a marker has none', () => {
    const tagged = expiresAfter(1, { filter: { form: 'filter', tags: [['team', 'red']] } })
    expect(markerExpiry(rulesOf(tagged), 'a', SINCE)).toBeNull()
  })
})

describe('the end of an upload', () => {
  it('is the midnight after its days are over', () => {
    const rules = rulesOf(rule({ abortUploadsAfterDays: 7, filter: { form: 'filter', prefix: 'u/' } }))
    expect(uploadAbort(rules, 'u/a', SINCE)).toEqual({ at: midnight('2026-03-18'), ruleId: 'r' })
    expect(uploadAbort(rules, 'a', SINCE)).toBeNull()
  })
})

describe('a transition', () => {
  const MIB = { key: 'a', size: 1024 ** 2, tags: [] }
  const moving: Moving = {
    storageClass: 'STANDARD',
    since: SINCE,
    newerCount: null,
    now: midnight('2026-06-01'),
    transitionMinimum: 'all_storage_classes_128K',
  }
  const steps = rule({
    transitions: [
      { days: 60, storageClass: 'GLACIER' },
      { days: 30, storageClass: 'STANDARD_IA' },
      { days: 300, storageClass: 'DEEP_ARCHIVE' },
    ],
  })

  it('leads to the class whose time came last', () => {
    expect(dueTransition(rulesOf(steps), MIB, moving)).toBe('GLACIER')
    expect(dueTransition(rulesOf(steps), MIB, { ...moving, now: midnight('2026-04-15') })).toBe('STANDARD_IA')
    expect(dueTransition(rulesOf(steps), MIB, { ...moving, now: midnight('2026-03-20') })).toBeNull()
  })

  it('never leads back, nor to where the version is', () => {
    expect(dueTransition(rulesOf(steps), MIB, { ...moving, storageClass: 'GLACIER' })).toBeNull()
    expect(dueTransition(rulesOf(steps), MIB, { ...moving, storageClass: 'DEEP_ARCHIVE' })).toBeNull()
  })

  it('does not lead back and forth between classes that have no order', () => {
    const own = rule({
      transitions: [
        { days: 1, storageClass: 'LUKEWARM' },
        { days: 7, storageClass: 'FROZEN' },
      ],
    })
    const at = (date: string, storageClass: string) =>
      dueTransition(rulesOf(own), subject, { ...moving, now: midnight(date), storageClass })
    expect(at('2026-03-13', 'STANDARD')).toBe('LUKEWARM')
    expect(at('2026-03-13', 'LUKEWARM')).toBeNull()
    expect(at('2026-03-20', 'LUKEWARM')).toBe('FROZEN')
    expect(at('2026-03-20', 'FROZEN')).toBeNull()
  })

  it('leads anywhere between classes of the installation', () => {
    const own = rule({ transitions: [{ days: 1, storageClass: 'STANDARD' }] })
    expect(dueTransition(rulesOf(own), MIB, { ...moving, storageClass: 'FROZEN' })).toBe('STANDARD')
    const tiny = rule({ transitions: [{ days: 1, storageClass: 'LUKEWARM' }] })
    expect(dueTransition(rulesOf(tiny), subject, moving)).toBe('LUKEWARM')
  })

  it('leaves small versions alone unless the rule or the configuration names another minimum', () => {
    const small = { ...MIB, size: 131_071 }
    expect(dueTransition(rulesOf(steps), small, moving)).toBeNull()
    expect(dueTransition(rulesOf(steps), { ...MIB, size: 131_072 }, moving)).toBe('GLACIER')
    expect(dueTransition(rulesOf(steps), small, { ...moving, transitionMinimum: 'varies_by_storage_class' })).toBe(
      'GLACIER',
    )
    const spring = { ...moving, now: midnight('2026-04-15'), transitionMinimum: 'varies_by_storage_class' } as const
    expect(dueTransition(rulesOf(steps), small, spring)).toBeNull()
    const sized = { ...steps, filter: { form: 'filter' as const, sizeGreaterThan: 1 } }
    expect(dueTransition(rulesOf(sized), small, moving)).toBe('GLACIER')
  })

  it('of a noncurrent version follows its own steps, and keeps the newest', () => {
    const both = rule({
      transitions: [{ days: 0, storageClass: 'GLACIER' }],
      noncurrentTransitions: [{ days: 30, newerVersions: 2, storageClass: 'STANDARD_IA' }],
    })
    expect(dueTransition(rulesOf(both), MIB, { ...moving, newerCount: 2 })).toBe('STANDARD_IA')
    expect(dueTransition(rulesOf(both), MIB, { ...moving, newerCount: 1 })).toBeNull()
    expect(dueTransition(rulesOf(both), MIB, moving)).toBe('GLACIER')
  })
})
