import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StorageError } from '#storage-engine/errors.ts'
import { parseTransferTarget } from '#storage-engine/transfers/transfer-target.ts'

test('reads namespace, bucket, resource, key and other parameters', () => {
  expect(
    parseTransferTarget('/_data/acme/my.bucket/uploads/1-2/parts/7?key=a%2Fb+c%2B%C3%A9&type=text%2Fplain'),
  ).toEqual({
    namespace: 'acme',
    bucket: 'my.bucket',
    resource: 'uploads/1-2/parts/7',
    key: 'a/b c+é',
    query: new Map([['type', 'text/plain']]),
  })
})

test('decodes once only, and folds no dots', () => {
  expect(parseTransferTarget('/_data/n/b/object?key=%252e%252e%2F..%2F%2Fx').key).toBe('%2e%2e/..//x')
})

test.each([
  ['no key', '/_data/n/b/object'],
  ['an empty key', '/_data/n/b/object?key='],
  ['no bucket', '/_data/n'],
  ['bytes that are not UTF-8', '/_data/n/b/object?key=%ff'],
  ['a broken escape', '/_data/n/b/object?key=%2'],
  ['a NUL', '/_data/n/b/object?key=a%00b'],
  ['another path', '/data/n/b/object?key=a'],
])('refuses %s as InvalidURI', (_, target) => {
  expect(() => parseTransferTarget(target)).toThrow(expect.objectContaining({ code: 'InvalidURI' }))
})

test('takes a key of 1,024 bytes and refuses one more', () => {
  const key = 'é'.repeat(512)
  expect(parseTransferTarget(`/_data/n/b/object?key=${encodeURIComponent(key)}`).key).toBe(key)
  expect(() => parseTransferTarget(`/_data/n/b/object?key=${encodeURIComponent(`${key}x`)}`)).toThrow(
    expect.objectContaining({ code: 'KeyTooLongError' }),
  )
})

test('throws nothing but StorageError, whatever is asked', () => {
  const fragment = fc.constantFrom(
    '/_data/',
    '/',
    'n',
    '?',
    '&',
    'key=',
    '%',
    '%ff',
    '%00',
    '%2f',
    '..',
    '=',
    '+',
    'é',
    '\u{10ffff}',
  )
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 20 }), (fragments) => {
      try {
        expect(parseTransferTarget(fragments.join('')).key).not.toBe('')
      } catch (error) {
        expect(error).toBeInstanceOf(StorageError)
      }
    }),
  )
})

test('gives back any key that a page spells with URLSearchParams', () => {
  const keys = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 200 })
    .filter((key) => key.isWellFormed() && !key.includes('\0'))
  fc.assert(
    fc.property(keys, (key) => {
      expect(parseTransferTarget(`/_data/n/b/object?${new URLSearchParams({ key })}`).key).toBe(key)
    }),
  )
})
