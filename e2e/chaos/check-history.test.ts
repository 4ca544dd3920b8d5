import { describe, expect, it } from 'vitest'
import { checkHistory } from '#e2e/chaos/check-history.ts'
import type { Delete, HistoryEvent, Read, Write } from '#e2e/chaos/history.ts'

const write = (value: string, start: number, end: number, more: Partial<Write> = {}): Write => ({
  kind: 'write',
  key: 'k',
  value,
  start,
  end,
  outcome: 'ok',
  ...more,
})
const remove = (start: number, end: number, more: Partial<Delete> = {}): Delete => ({
  kind: 'delete',
  key: 'k',
  start,
  end,
  outcome: 'ok',
  ...more,
})
const read = (observed: string | null, start: number, end: number, more: Partial<Read> = {}): Read => ({
  kind: 'read',
  key: 'k',
  observed,
  start,
  end,
  ...more,
})
const broken = (...events: HistoryEvent[]) => checkHistory(events).map(({ invariant }) => invariant)

describe('a sound history passes', () => {
  it('when reads follow writes and deletes', () => {
    expect(broken(write('a', 0, 1), read('a', 2, 3), remove(4, 5), read(null, 6, 7))).toEqual([])
  })
  it('when concurrent writes are seen in one order by all', () => {
    expect(broken(write('a', 0, 10), write('b', 0, 10), read('b', 11, 12), read('b', 13, 14))).toEqual([])
  })
  it('when a write of unknown outcome shows late, or never', () => {
    const unknown = write('b', 2, 3, { outcome: 'maybe' })
    expect(broken(write('a', 0, 1), unknown, read('a', 4, 5), read('b', 6, 7))).toEqual([])
    expect(broken(write('a', 0, 1), unknown, read('a', 4, 5))).toEqual([])
  })
  it('when a refused write left nothing', () => {
    expect(broken(write('a', 0, 1), write('b', 2, 3, { outcome: 'no' }), read('a', 4, 5))).toEqual([])
  })
  it('when a listing agrees with what was written', () => {
    expect(broken(write('a', 0, 1), { kind: 'listing', start: 2, end: 3, entries: [['k', 'a']] })).toEqual([])
  })
})

describe('a doctored history is caught', () => {
  it('I1: an acknowledged write is lost', () => {
    expect(broken(write('a', 0, 1), read(null, 2, 3))).toEqual(['I1'])
  })
  it('I1: the previous value is back after an acknowledged overwrite', () => {
    expect(broken(write('a', 0, 1), write('b', 2, 3), read('a', 4, 5))).toEqual(['I3'])
  })
  it('I2: a clean answer carries bytes of no value', () => {
    expect(broken(write('a', 0, 1), read(null, 2, 3, { damaged: '12 wrong bytes' }))).toEqual(['I2'])
  })
  it('I2: a value of another key', () => {
    expect(broken(write('a', 0, 1), read('z', 2, 3))).toEqual(['I2'])
  })
  it('I3: two readers see concurrent writes in different orders', () => {
    expect(
      broken(write('a', 0, 10), write('b', 0, 10), read('a', 11, 12), read('b', 13, 14), read('a', 15, 16)),
    ).toEqual(['I3'])
  })
  it('I3: a refused write shows', () => {
    expect(broken(write('a', 0, 1), write('b', 2, 3, { outcome: 'no' }), read('b', 4, 5))).toEqual(['I2'])
  })
  it('I4: a listing misses an acknowledged write', () => {
    expect(broken(write('a', 0, 1), { kind: 'listing', start: 2, end: 3, entries: [] })).toEqual(['I1'])
  })
  it('I4: a listing names a ghost', () => {
    expect(broken({ kind: 'listing', start: 2, end: 3, entries: [['ghost', 'a']] })).toEqual(['I4'])
  })
  it('I4: a listing is out of UTF-8 order, or names a key twice', () => {
    const both = [write('a', 0, 1, { key: '\u{ffff}' }), write('b', 0, 1, { key: '\u{10000}' })]
    const listing = (...keys: string[]): HistoryEvent => ({
      kind: 'listing',
      start: 2,
      end: 3,
      entries: keys.map((key) => [key, key === '\u{ffff}' ? 'a' : 'b']),
    })
    expect(broken(...both, listing('\u{ffff}', '\u{10000}'))).toEqual([])
    expect(broken(...both, listing('\u{10000}', '\u{ffff}'))).toEqual(['I4'])
    expect(broken(...both, listing('\u{ffff}', '\u{10000}', '\u{10000}'))).toEqual(['I4'])
  })
  it('I5: a deleted value is back', () => {
    expect(broken(write('a', 0, 1), remove(2, 3), read('a', 4, 5))).toEqual(['I5'])
  })
  it('I6: Complete and Abort both answer ok, or the ETag is not that of the parts', () => {
    const end = { kind: 'upload-end', key: 'k', start: 0, end: 1, complete: 'ok', expectedEtag: 'x-2' } as const
    expect(broken({ ...end, abort: 'ok', etags: ['x-2'] })).toEqual(['I6'])
    expect(broken({ ...end, abort: null, etags: ['x-2', 'y-2'] })).toEqual(['I6'])
    expect(broken({ ...end, abort: 'no', etags: ['x-2', 'x-2'] })).toEqual([])
  })
  it('I7: two creations win, or none although every answer is certain', () => {
    const race = { kind: 'create-race', key: 'k', start: 0, end: 1 } as const
    expect(broken({ ...race, outcomes: ['ok', 'ok', 'no'] })).toEqual(['I7'])
    expect(broken({ ...race, outcomes: ['no', 'no'] })).toEqual(['I7'])
    expect(broken({ ...race, outcomes: ['maybe', 'no'] })).toEqual([])
    expect(broken({ ...race, outcomes: ['ok', 'no'] })).toEqual([])
  })
  it('I7: a conditional creation overwrote a value', () => {
    expect(broken(write('a', 0, 1), write('b', 2, 3, { onlyIfAbsent: true }), read('b', 4, 5))).not.toEqual([])
  })
  it('I18: a call fails after everything settled', () => {
    const settled = { kind: 'settled', call: 'GET k', start: 0, end: 1, detail: '503' } as const
    expect(broken({ ...settled, outcome: 'maybe' })).toEqual(['I18'])
    expect(broken({ ...settled, outcome: 'no' })).toEqual([])
  })
})

it('explains a key with a thousand writes, of which every fortieth has no known outcome', () => {
  const events: HistoryEvent[] = []
  for (let index = 0; index < 1000; index++) {
    const start = index * 10
    const unknown = index % 40 === 20
    events.push(write(`v${index}`, start, start + 5, { outcome: unknown ? 'maybe' : 'ok' }))
    events.push(read(unknown ? `v${index - 1}` : `v${index}`, start + 6, start + 7))
  }
  expect(broken(...events)).toEqual([])
  expect(broken(...events, read('v3', 10_001, 10_002))).toEqual(['I3'])
})
