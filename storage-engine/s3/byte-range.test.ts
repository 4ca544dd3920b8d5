import { expect, test } from 'vitest'
import { parseCopyRange, parseRange } from '#storage-engine/s3/byte-range.ts'

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=5-100', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-100', { start: 0, end: 9 }],
])('reads %s of ten bytes', (header, range) => {
  expect(parseRange(header, 10)).toEqual(range)
})

test.each(['bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b', '0-1'])(
  'ignores %s, as S3 does',
  (header) => {
    expect(parseRange(header, 10)).toBeNull()
  },
)

test.each([
  ['bytes=10-', 10],
  ['bytes=10-20', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
  ['bytes=-5', 0],
])('answers 416 with the size for %s of %i bytes', (header, size) => {
  expect(() => parseRange(header, size)).toThrow(
    expect.objectContaining({ code: 'InvalidRange', status: 416, headers: { 'Content-Range': `bytes */${size}` } }),
  )
})

test('reads a copy range strictly', () => {
  expect(parseCopyRange('bytes=2-9', 10)).toEqual({ start: 2, end: 9 })
  for (const header of ['bytes=2-', 'bytes=-2', '2-9', 'bytes=9-2', 'bytes=0-1,2-3']) {
    expect(() => parseCopyRange(header, 10)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  }
  expect(() => parseCopyRange('bytes=0-10', 10)).toThrow(expect.objectContaining({ code: 'InvalidRange' }))
})
