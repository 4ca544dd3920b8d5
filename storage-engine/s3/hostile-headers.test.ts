import { expect, test } from 'vitest'
import type { Engine } from '#storage-engine/engine.ts'
import { readRequestedAcl } from '#storage-engine/s3/acl-headers.ts'
import { parseRange } from '#storage-engine/s3/byte-range.ts'
import { readDescription } from '#storage-engine/s3/object-headers.ts'

/** So long that whoever takes its length squared does not come back; a header is at most 16 KiB, but comes again and again. */
const SPACES = ' '.repeat(2_000_000)

test('white space without end in a Range is read once', () => {
  expect(parseRange(`bytes=${SPACES}x`, 10)).toBeNull()
  expect(parseRange(`bytes=1${SPACES}-${SPACES}2`, 10)).toEqual({ start: 1, end: 2 })
  expect(parseRange(`bytes${SPACES}=${SPACES}-${SPACES}2`, 10)).toEqual({ start: 8, end: 9 })
})

test('white space without end in a Content-Encoding is read once', () => {
  const encodingOf = (value: string) => readDescription(new Map([['content-encoding', value]])).systemHeaders
  expect(encodingOf(`aws-chunked,${SPACES}gzip`)).toEqual({ 'content-encoding': 'gzip' })
  expect(encodingOf(`aws-chunked,${SPACES}`)).toBeNull()
})

test('white space without end in a grant is read once', () => {
  const read = (value: string) => readRequestedAcl({} as Engine, new Map([['x-amz-grant-read', value]]))
  expect(() => read(`id=a${SPACES}"`)).toThrow('Argument format not recognized')
  expect(() => read(`id=${SPACES}`)).toThrow('Argument format not recognized')
})
