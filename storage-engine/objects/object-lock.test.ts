import { expect, test } from 'vitest'
import { checkDefaultRetention } from '#storage-engine/buckets/object-lock.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'
import { changeRetention, checkRetainUntil, type Retention } from '#storage-engine/objects/object-lock.ts'

const now = new Date('2030-01-01T00:00:00Z')
const retention = (mode: Retention['mode'], year: number): Retention => ({
  mode,
  retainUntil: `${year}-01-01T00:00:00.000Z`,
})
const change = (lock: ObjectLock | null, asked: Retention | null, canBypass = false) =>
  changeRetention(lock, { retention: asked, now, mayBypass: () => canBypass })
const denied = expect.objectContaining({ code: 'AccessDenied' })

test('gives a version without retention any, and keeps its legal hold', () => {
  expect(change(null, retention('COMPLIANCE', 2031))).toEqual(retention('COMPLIANCE', 2031))
  expect(change({ legalHold: true }, retention('GOVERNANCE', 2031))).toEqual({
    legalHold: true,
    ...retention('GOVERNANCE', 2031),
  })
  expect(change(null, null)).toBeNull()
})

test.each(['GOVERNANCE', 'COMPLIANCE'] as const)('lets %s be made longer, and be set again, without bypass', (mode) => {
  const held = retention(mode, 2032)
  expect(change(held, retention(mode, 2033))).toEqual(retention(mode, 2033))
  expect(change(held, held)).toEqual(held)
})

test.each<[string, Retention | null]>([
  ['shorter', retention('GOVERNANCE', 2031)],
  ['compliance', retention('COMPLIANCE', 2033)],
  ['nothing', null],
])('makes governance %s only with bypass', (_name, asked) => {
  const held = { ...retention('GOVERNANCE', 2032), legalHold: false }
  expect(() => change(held, asked)).toThrow(denied)
  expect(change(held, asked, true)).toEqual({ legalHold: false, ...asked })
})

test.each<[string, Retention | null]>([
  ['shorter', retention('COMPLIANCE', 2031)],
  ['governance', retention('GOVERNANCE', 2040)],
  ['nothing', null],
])('never makes compliance %s while it holds', (_name, asked) => {
  expect(() => change(retention('COMPLIANCE', 2032), asked, true)).toThrow(denied)
})

test('lets go of what has ended', () => {
  expect(change(retention('COMPLIANCE', 2029), null)).toBeNull()
  expect(change(retention('COMPLIANCE', 2030), retention('GOVERNANCE', 2031))).toEqual(retention('GOVERNANCE', 2031))
})

test('takes a retention that it cannot read for one that holds', () => {
  expect(() => change({ mode: 'COMPLIANCE' }, null, true)).toThrow(denied)
  expect(() => change({ mode: 'COMPLIANCE', retainUntil: 'soon' }, retention('COMPLIANCE', 2040), true)).toThrow(denied)
})

test('a retention must end in the future', () => {
  expect(() => checkRetainUntil(new Date(now.getTime() + 1), now)).not.toThrow()
  expect(() => checkRetainUntil(now, now)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
})

test.each([
  [{ days: 1 }, null],
  [{ days: 36_500 }, null],
  [{ years: 100 }, null],
  [{ days: 36_501 }, 'InvalidRetentionPeriod'],
  [{ years: 101 }, 'InvalidRetentionPeriod'],
  [{ days: 0 }, 'InvalidRetentionPeriod'],
  [{ years: -1 }, 'InvalidRetentionPeriod'],
  [{ days: 1, years: 1 }, 'MalformedXML'],
  [{}, 'MalformedXML'],
])('a default retention of %j is answered with %s', (period, code) => {
  const check = () => checkDefaultRetention({ mode: 'GOVERNANCE', ...period })
  if (code === null) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code }))
})
