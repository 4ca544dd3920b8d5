import { expect, test } from 'vitest'
import { parseByteRange } from '#storage-engine/transfers/byte-range.ts'

test.each([
  ['bytes=0-4', { start: 0, end: 4 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=8-100', { start: 8, end: 9 }],
])('reads %s of ten bytes', (header, range) => {
  expect(parseByteRange(header, 10)).toEqual(range)
})

test.each([undefined, '', 'bytes=-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b'])(
  'sends everything for %s',
  (header) => {
    expect(parseByteRange(header, 10)).toBeNull()
  },
)

test.each([
  ['bytes=10-', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
  ['bytes=-5', 0],
])('answers 416 with the size for %s of %i bytes', (header, size) => {
  expect(() => parseByteRange(header, size)).toThrow(
    expect.objectContaining({ code: 'InvalidRange', headers: { 'content-range': `bytes */${size}` } }),
  )
})
