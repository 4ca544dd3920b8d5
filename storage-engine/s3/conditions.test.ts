import { expect, test } from 'vitest'
import { StorageError } from '#storage-engine/errors.ts'
import {
  checkCopyConditions,
  checkReadConditions,
  isRangeCurrent,
  readWritePrecondition,
} from '#storage-engine/s3/conditions.ts'

const object = { etag: 'abc', lastModified: new Date('2026-01-02T03:04:05.678Z') }
const SAME = 'Fri, 02 Jan 2026 03:04:05 GMT'
const EARLIER = 'Fri, 02 Jan 2026 03:04:04 GMT'

function outcome(headers: Record<string, string>, check = checkReadConditions): string {
  try {
    check(new Map(Object.entries(headers)), object)
    return 'ok'
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

test.each([
  [{ 'if-match': '"abc"' }, 'ok'],
  [{ 'if-match': 'abc' }, 'ok'],
  [{ 'if-match': '"x", "abc"' }, 'ok'],
  [{ 'if-match': '*' }, 'ok'],
  [{ 'if-match': '"x"' }, 'PreconditionFailed'],
  [{ 'if-none-match': '"abc"' }, 'NotModified'],
  [{ 'if-none-match': '*' }, 'NotModified'],
  [{ 'if-none-match': '"x"' }, 'ok'],
  [{ 'if-modified-since': SAME }, 'NotModified'],
  [{ 'if-modified-since': EARLIER }, 'ok'],
  [{ 'if-modified-since': 'nonsense' }, 'ok'],
  [{ 'if-unmodified-since': SAME }, 'ok'],
  [{ 'if-unmodified-since': EARLIER }, 'PreconditionFailed'],
  [{ 'if-unmodified-since': 'nonsense' }, 'ok'],
  // The ETag outranks the date.
  [{ 'if-match': '"abc"', 'if-unmodified-since': EARLIER }, 'ok'],
  [{ 'if-none-match': '"x"', 'if-modified-since': SAME }, 'ok'],
])('judges a read with %j: %s', (headers, expected) => {
  expect(outcome(headers as Record<string, string>)).toBe(expected)
})

test('answers PreconditionFailed for every failed condition of a copy source', () => {
  for (const [name, value] of [
    ['if-match', 'x'],
    ['if-none-match', 'abc'],
    ['if-modified-since', SAME],
    ['if-unmodified-since', EARLIER],
  ]) {
    expect(outcome({ [`x-amz-copy-source-${name}`]: value as string }, checkCopyConditions)).toBe('PreconditionFailed')
  }
})

test('reads the conditions of a write, and refuses what S3 does not support', () => {
  const read = (headers: Record<string, string>) => readWritePrecondition(new Map(Object.entries(headers)))
  expect(read({})).toBeNull()
  expect(read({ 'if-none-match': '*' })).toEqual({ ifNoneMatch: '*' })
  expect(read({ 'if-match': '"abc"' })).toEqual({ ifMatch: 'abc' })
  expect(read({ 'if-none-match': '"abc"' })).toEqual({ ifNoneMatch: 'abc' })
  expect(() => read({ 'if-none-match': '*', 'if-match': '"abc"' })).toThrow(
    expect.objectContaining({ code: 'NotImplemented' }),
  )
})

test('honours a range only while If-Range names this very state', () => {
  const current = (value: string) => isRangeCurrent(new Map([['if-range', value]]), object)
  expect([
    current('"abc"'),
    current('"x"'),
    current(SAME),
    current(EARLIER),
    isRangeCurrent(new Map(), object),
  ]).toEqual([true, false, true, false, true])
})
