import { expect, test } from 'vitest'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { hostPrefix, locateByPath, locateTarget } from '#storage-engine/s3/target.ts'

const ENDPOINT = { domain: 'example.com', region: 'eu-fr-1' }
const isNamespace = async (name: string) => name === 'acme'

test.each([
  ['s3.eu-fr-1.example.com', null],
  ['S3.EU-FR-1.example.com:9000', null],
  ['example.com', null],
  ['127.0.0.1:9000', null],
  ['[::1]:9000', null],
  ['another.org', null],
  ['notexample.com', null],
  ['photos.s3.eu-fr-1.example.com', 'photos'],
  ['my.photos.s3.eu-fr-1.example.com.', 'my.photos'],
  ['photos.acme.s3.eu-fr-1.example.com', 'photos.acme'],
  ['photos.s3.example.com', 'photos'],
  ['photos.example.com', 'photos'],
])('reads the host %s as the prefix %s', (host, prefix) => {
  expect(hostPrefix(host, ENDPOINT)).toBe(prefix)
})

test('reads path style, virtual-hosted style, and both with a namespace', async () => {
  expect(await locateTarget('/photos/a/b', null, isNamespace)).toEqual({
    bucket: 'photos',
    key: 'a/b',
    namespace: null,
  })
  expect(await locateTarget('/a/b', 'photos', isNamespace)).toEqual({ bucket: 'photos', key: 'a/b', namespace: null })
  expect(await locateTarget('/a/b', 'my.photos', isNamespace)).toEqual({
    bucket: 'my.photos',
    key: 'a/b',
    namespace: null,
  })
  expect(await locateTarget('/a/b', 'photos.acme', isNamespace)).toEqual({
    bucket: 'photos',
    key: 'a/b',
    namespace: 'acme',
  })
  expect(await locateTarget('/photos/a', 'acme', isNamespace)).toEqual({
    bucket: 'photos',
    key: 'a',
    namespace: 'acme',
  })
  expect(await locateTarget('/', 'photos', isNamespace)).toEqual({ bucket: 'photos', key: null, namespace: null })
})

test('takes the root for the service and a slash behind a bucket for nothing', () => {
  expect(locateByPath('/', null)).toEqual({ bucket: null, key: null, namespace: null })
  expect(locateByPath('/photos/', null)).toEqual({ bucket: 'photos', key: null, namespace: null })
})

test.each([
  ['/b/../c', '../c'],
  ['/b/%2e%2e/c', '../c'],
  ['/b//c//', '/c//'],
  ['/b/a%2Fb', 'a/b'],
  ['/b/a+b', 'a+b'],
  ['/b/%252F', '%2F'],
  ['/b/.', '.'],
  ['/b/%F0%9F%90%98', '\u{1F418}'],
  ['/b/\xc3\xa9', 'é'],
])('decodes %s once and folds nothing', (rawPath, key) => {
  expect(locateByPath(rawPath, null).key).toBe(key)
})

test.each(['/b/%', '/b/%zz', '/b/%ff', '/b/%00', '/%00/k', '/b/\xff', '/b?prefix=%00', '/b?x=%', 'b/k', '*'])(
  'answers InvalidURI for %j',
  (raw) => {
    expect(() => locateByPath(splitRequestTarget(raw).rawPath, null)).toThrow(
      expect.objectContaining({ code: 'InvalidURI' }),
    )
  },
)

test('answers KeyTooLongError over 1,024 bytes of UTF-8, and not at 1,024', () => {
  expect(locateByPath(`/b/${'%C3%A9'.repeat(512)}`, null).key).toHaveLength(512)
  expect(() => locateByPath(`/b/${'%C3%A9'.repeat(512)}a`, null)).toThrow(
    expect.objectContaining({ code: 'KeyTooLongError' }),
  )
})

test('reads a plus sign in the query as a space, keeps the first of two values, and takes the absolute form', () => {
  expect(splitRequestTarget('/b?prefix=a+b%2Bc&prefix=x&uploads').query).toEqual({
    pairs: [
      ['prefix', 'a b+c'],
      ['prefix', 'x'],
      ['uploads', ''],
    ],
    values: new Map([
      ['prefix', 'a b+c'],
      ['uploads', ''],
    ]),
  })
  expect(splitRequestTarget('https://host:9000/b/k?x=1', 'HOST:9000').rawPath).toBe('/b/k')
})

test('answers InvalidRequest to an absolute target of another server than the Host header names', () => {
  for (const host of ['other:9000', 'host', '']) {
    expect(() => splitRequestTarget('https://host:9000/b/k', host)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    )
  }
})
