import { describe, expect, it } from 'vitest'
import { joinKey, numberAfter } from '#lib/upload/object-key.ts'

describe('joinKey', () => {
  it('puts a relative path under a prefix', () => {
    expect(joinKey('', 'a.txt')).toBe('a.txt')
    expect(joinKey('in/', '/b/c.txt')).toBe('in/b/c.txt')
  })
})

describe('numberAfter', () => {
  it.each([
    ['a/photo.jpg', 'a/photo (2).jpg'],
    ['a/photo (2).jpg', 'a/photo (3).jpg'],
    ['archive.tar.gz', 'archive.tar (2).gz'],
    ['v1.2/readme', 'v1.2/readme (2)'],
    ['.profile', '.profile (2)'],
  ])('follows %s with %s', (key, expected) => {
    expect(numberAfter(key)).toBe(expected)
  })
})
