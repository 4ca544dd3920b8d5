import { expect, test } from 'vitest'
import type { Tag } from '#storage-engine/object-settings.ts'
import { checkBucketTags, checkObjectTags } from '#storage-engine/objects/tags.ts'

const many = (count: number): Tag[] => Array.from({ length: count }, (_, index) => [`k${index}`, ''])
const invalidTag = expect.objectContaining({ code: 'InvalidTag' })

test('accepts every character and length that S3 does, and keeps tags in the order of their keys', () => {
  const tags: Tag[] = [
    ['z'.repeat(128), 'v'.repeat(256)],
    ['été 1+-=._:/@', ''],
    ['東京', 'Straße'],
  ]
  expect(checkObjectTags(tags).map(([key]) => key)).toEqual(['z'.repeat(128), 'été 1+-=._:/@', '東京'])
  expect(
    checkObjectTags([
      ['foo', 'bar'],
      ['bar', ''],
    ]),
  ).toEqual([
    ['bar', ''],
    ['foo', 'bar'],
  ])
})

test.each<[string, Tag[]]>([
  ['an empty key', [['', 'v']]],
  ['a key of 129 characters', [['k'.repeat(129), '']]],
  ['a value of 257 characters', [['k', 'v'.repeat(257)]]],
  ['a character that is not allowed in a key', [['a&b', '']]],
  ['a character that is not allowed in a value', [['a', '<b>']]],
  ['a line break', [['a\n', '']]],
  ['a key of the system', [['aws:x', '']]],
  [
    'a key twice',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
])('answers InvalidTag for %s', (_name, tags) => {
  expect(() => checkObjectTags(tags)).toThrow(invalidTag)
  expect(() => checkBucketTags(tags)).toThrow(invalidTag)
})

test('an object has at most 10 tags, and a bucket at most 50', () => {
  expect(checkObjectTags(many(10))).toHaveLength(10)
  expect(() => checkObjectTags(many(11))).toThrow(invalidTag)
  expect(checkBucketTags(many(50))).toHaveLength(50)
  expect(() => checkBucketTags(many(51))).toThrow(invalidTag)
})
