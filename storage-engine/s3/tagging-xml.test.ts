import { expect, test } from 'vitest'
import type { Tag } from '#storage-engine/object-settings.ts'
import { parseTaggingHeader } from '#storage-engine/s3/tagging-header.ts'
import { readTagging, taggingXml } from '#storage-engine/s3/tagging-xml.ts'

test('writes what it reads', () => {
  const tags: Tag[] = [
    ['a', '1 & 2'],
    ['b', ''],
  ]
  expect(readTagging(Buffer.from(taggingXml(tags)))).toEqual(tags)
  expect(readTagging(Buffer.from(taggingXml([])))).toEqual([])
})

test.each([
  '<Tagging/>',
  '<TagSet/>',
  '<Tagging><TagSet/><TagSet/></Tagging>',
  '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>',
  '<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>',
  '<Tagging><TagSet><Tag><Key>a</Key><Key>b</Key><Value/></Tag></TagSet></Tagging>',
  '<Tagging><TagSet><Other/></TagSet></Tagging>',
])('answers MalformedXML for %s', (text) => {
  expect(() => readTagging(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
})

test('reads a header as a form, with empty values and without', () => {
  expect(parseTaggingHeader('foo=bar&bar')).toEqual([
    ['bar', ''],
    ['foo', 'bar'],
  ])
  expect(parseTaggingHeader('a+b=c%20d%2Be&k=1=2')).toEqual([
    ['a b', 'c d+e'],
    ['k', '1=2'],
  ])
  expect(parseTaggingHeader('%C3%A9=x')).toEqual([['é', 'x']])
  expect(parseTaggingHeader('')).toBeNull()
})

test.each([
  ['a=1&a=2', 'InvalidArgument'],
  ['a=%FF', 'InvalidArgument'],
  ['a=%zz', 'InvalidArgument'],
  ['=1', 'InvalidTag'],
  ['a=1&', 'InvalidTag'],
  ['a=%3Cb%3E', 'InvalidTag'],
])('refuses the header %s with %s', (header, code) => {
  expect(() => parseTaggingHeader(header)).toThrow(expect.objectContaining({ code }))
})
