import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'

test('gives back the place that it was made of', () => {
  expect(decodeCursor(encodeCursor([12.5, 'é\u0001']), ['number', 'string'])).toEqual([12.5, 'é\u0001'])
})

test('takes ids that are whole numbers only', () => {
  expect(decodeCursor(encodeCursor([12]), ['integer'])).toEqual([12])
  for (const id of [12.5, 1e300]) {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => decodeCursor(encodeCursor([id]), ['integer'])).toThrow(refused)
  }
})

test.each([
  ['no JSON', 'bm90IGpzb24'],
  ['other characters', '%%%'],
  ['another type', encodeCursor(['12', 'a'])],
  ['another length', encodeCursor([12])],
  ['what no text of Postgres holds', encodeCursor([12, 'a\0'])],
  ['an object', Buffer.from('{"length":2}').toString('base64url')],
])('refuses %s', (_, cursor) => {
  expect(() => decodeCursor(cursor, ['number', 'string'])).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
})
