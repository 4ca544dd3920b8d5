import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readXml, type XmlElement } from '#storage-engine/s3/xml-reader.ts'
import { type RawRequest, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** C3 and C16 of docs/security.md: a key is bytes and nothing else, on every way in and on every way out. */

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})

afterAll(() => gateway.stop())

const KEYS = [
  '.',
  '..',
  '...',
  './a',
  '../a',
  '../../etc/passwd',
  'a/..',
  'a/../b',
  'a/./b',
  '/',
  '//',
  '///a',
  'a//b',
  'a/',
  'a//',
  '\\',
  '..\\a',
  'C:\\a',
  '%',
  '%2e%2e',
  '%2F',
  '%00',
  '%zz',
  '%u002e',
  '+',
  'a+b c',
  ' ',
  ' a ',
  '\t',
  '\n',
  '\r\n',
  'a\r\nSet-Cookie: b',
  '\x01',
  '\x1f\x7f',
  '?',
  'a?b=c',
  '#',
  '&',
  '&amp;',
  'a=b&c',
  ';',
  ',',
  ':',
  '@',
  '$1',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template in a query would take for a parameter
  '${x}',
  '*',
  '_',
  '%_',
  '_%',
  "'",
  '"',
  "'; drop table object_versions; --",
  '<a>',
  ']]>',
  '<!-- -->',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'true',
  '[]',
  '{}',
  'soap',
  'a'.repeat(1024),
  '\u{1F418}'.repeat(256),
  '\u00e9',
  'e\u0301',
  '\u00a0',
  '\u200b',
  '\u202egnp.exe',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ufffe',
  '\uffff',
  '\u{10ffff}',
  '\u{1d4d0}',
  '\u0085',
  'A',
  'a',
  'ß',
  'SS',
  'İ',
]
const named = KEYS.map((key): [string, string] => [JSON.stringify(key).slice(0, 40), key])

const send = (request: RawRequest) => sendSigned(gateway, request)
/** As SDKs write a key into a URL: slashes stay. */
const pathOf = (key: string) => encodeStrictly(key).replaceAll('%2F', '/')
const encodeStrictly = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
/** In XML: every character by its number, so that none is taken for markup. */
const xmlOf = (text: string) => [...text].map((char) => `&#${char.codePointAt(0)};`).join('')
/** XML 1.0 cannot say them at all, not even by number. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the class names what XML has no way to say
const isSayable = (key: string) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(key)

async function makeBucket(name: string): Promise<string> {
  expect((await send({ method: 'PUT', target: `/${name}` })).status).toBe(200)
  return name
}

function textsOf(element: XmlElement, path: string[]): string[] {
  const [name, ...rest] = path
  if (name === undefined) return [element.text]
  return (element.children.get(name) ?? []).flatMap((child) => textsOf(child, rest))
}

/** Keys in the order of a list, page by page of seven, as a client that follows the markers reads them. */
async function listAll(bucket: string, query: string): Promise<string[]> {
  const keys: string[] = []
  const isV2 = query.includes('list-type=2')
  for (let marker: string | null = null; ; ) {
    const from: string = marker === null ? '' : `&${isV2 ? 'continuation-token' : 'marker'}=${encodeStrictly(marker)}`
    const { status, body } = await send({
      method: 'GET',
      target: `/${bucket}?encoding-type=url&max-keys=7${query}${from}`,
    })
    expect(status).toBe(200)
    const list = readXml(body)
    const page = textsOf(list, ['Contents', 'Key']).map(decodeListed)
    keys.push(...page)
    if (textsOf(list, ['IsTruncated'])[0] !== 'true') return keys
    marker = isV2 ? (textsOf(list, ['NextContinuationToken'])[0] ?? '') : (page.at(-1) ?? '')
  }
}

const decodeListed = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const sorted = [...KEYS].sort(byBytes)

describe('a bucket full of them', () => {
  beforeAll(async () => {
    await makeBucket('full')
    for (const key of KEYS) {
      const answer = await send({ method: 'PUT', target: `/full/${pathOf(key)}`, body: `content of ${key}` })
      expect([key, answer.status, answer.code]).toEqual([key, 200, ''])
    }
  })

  test.each(named)('gives back %s as it was written, and nothing else under that name', async (_name, key) => {
    const target = `/full/${pathOf(key)}`
    const got = await send({ method: 'GET', target })
    expect([got.status, got.text]).toEqual([200, `content of ${key}`])
    const head = await send({ method: 'HEAD', target })
    expect([head.status, head.headers['content-length']]).toEqual([200, String(got.body.length)])
    // The same key with every slash escaped too.
    expect((await send({ method: 'GET', target: `/full/${encodeStrictly(key)}` })).text).toBe(got.text)
  })

  test.each(['', '&list-type=2'])('lists them all in the order of their bytes, page by page (%s)', async (query) => {
    expect(await listAll('full', query)).toEqual(sorted)
  })

  test('lists them well-formed without encoding-type, as far as XML can say them', async () => {
    const { text } = await send({ method: 'GET', target: '/full?list-type=2' })
    const keys = [...text.matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, key = '']) => unescapeXml(key))
    expect(keys).toEqual(sorted)
  })

  test.each(named)('finds %s by itself as a prefix, and by no pattern in it', async (_name, key) => {
    const prefix = encodeStrictly(key)
    const wanted = sorted.filter((other) => Buffer.from(other).indexOf(Buffer.from(key)) === 0)
    expect(await listAll('full', `&list-type=2&prefix=${prefix}`)).toEqual(wanted)
  })

  test('groups them at any delimiter, also at one that patterns take for a wildcard', async () => {
    for (const delimiter of ['/', '%', '_', '.', '\\', 'é', '\u{1F418}']) {
      const { status, body } = await send({
        method: 'GET',
        target: `/full?delimiter=${encodeStrictly(delimiter)}&encoding-type=url&list-type=2`,
      })
      expect(status).toBe(200)
      const list = readXml(body)
      const keys = textsOf(list, ['Contents', 'Key']).map(decodeListed)
      const prefixes = textsOf(list, ['CommonPrefixes', 'Prefix']).map(decodeListed)
      expect(keys).toEqual(sorted.filter((key) => !key.includes(delimiter)))
      const groups = new Set(
        sorted.filter((key) => key.includes(delimiter)).map((key) => key.split(delimiter)[0] + delimiter),
      )
      expect(prefixes).toEqual([...groups].sort(byBytes))
    }
  })

  test('lists them as versions', async () => {
    const { status, body } = await send({ method: 'GET', target: '/full?encoding-type=url&versions=' })
    expect(status).toBe(200)
    expect(textsOf(readXml(body), ['Version', 'Key']).map(decodeListed)).toEqual(sorted)
  })

  test('copies them, from and to', async () => {
    await makeBucket('copies')
    for (const key of KEYS) {
      const asForm = encodeStrictly(key).replaceAll('%20', '+')
      for (const source of [`/full/${encodeStrictly(key)}`, `full/${pathOf(key)}`, `full%2F${asForm}`]) {
        const headers = { 'x-amz-copy-source': source }
        const copied = await send({ method: 'PUT', target: `/copies/${pathOf(key)}`, headers })
        expect([key, copied.status, copied.code]).toEqual([key, 200, ''])
      }
      expect((await send({ method: 'GET', target: `/copies/${pathOf(key)}` })).text).toBe(`content of ${key}`)
    }
    expect(await listAll('copies', '')).toEqual(sorted)
  })

  test('uploads them in parts', async () => {
    await makeBucket('parts')
    for (const key of KEYS) {
      const path = `/parts/${pathOf(key)}`
      const created = await send({ method: 'POST', target: `${path}?uploads=` })
      expect(unescapeXml(/<Key>(.*?)<\/Key>/s.exec(created.text)?.[1] ?? '')).toBe(key)
      const uploadId = /<UploadId>(.*?)</.exec(created.text)?.[1] ?? ''
      const part = await send({ method: 'PUT', target: `${path}?partNumber=1&uploadId=${uploadId}`, body: 'part' })
      const listed = await send({ method: 'GET', target: `/parts?encoding-type=url&uploads=` })
      expect(textsOf(readXml(listed.body), ['Upload', 'Key']).map(decodeListed)).toEqual([key])
      const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`
      const done = await send({ method: 'POST', target: `${path}?uploadId=${uploadId}`, body })
      expect([key, done.status, done.code]).toEqual([key, 200, ''])
      expect((await send({ method: 'GET', target: path })).text).toBe('part')
    }
    expect(await listAll('parts', '')).toEqual(sorted)
  })

  test('deletes them one by one and many at once, and never another one', async () => {
    await makeBucket('deleted')
    for (const key of KEYS) await send({ method: 'PUT', target: `/deleted/${pathOf(key)}`, body: key })
    const half = KEYS.filter((key, index) => index % 2 === 0 && isSayable(key))
    const objects = half.map((key) => `<Object><Key>${xmlOf(key)}</Key></Object>`).join('')
    const answer = await send({ method: 'POST', target: '/deleted?delete=', body: `<Delete>${objects}</Delete>` })
    expect(textsOf(readXml(answer.body), ['Deleted', 'Key']).sort(byBytes)).toEqual([...half].sort(byBytes))
    expect(textsOf(readXml(answer.body), ['Error'])).toEqual([])
    const rest = sorted.filter((key) => !half.includes(key))
    expect(await listAll('deleted', '')).toEqual(rest)
    for (const key of rest) {
      expect((await send({ method: 'DELETE', target: `/deleted/${pathOf(key)}` })).status).toBe(204)
      expect((await send({ method: 'GET', target: `/deleted/${pathOf(key)}` })).status).toBe(404)
    }
    expect(await listAll('deleted', '')).toEqual([])
  })
})

/** What XML 1.0 forbids is there by number in S3's answers too. */
function unescapeXml(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

describe('what is no key', () => {
  beforeAll(() => makeBucket('none'))

  const NO_KEYS: [name: string, path: string, code: string][] = [
    ['a NUL', '%00', 'InvalidURI'],
    ['a NUL within', 'a%00b', 'InvalidURI'],
    ['half an escape', 'a%2', 'InvalidURI'],
    ['no hexadecimal digits', '%gg', 'InvalidURI'],
    ['a byte that is no UTF-8', '%ff', 'InvalidURI'],
    ['an overlong slash', '%c0%af', 'InvalidURI'],
    ['an overlong dot', '%e0%80%ae', 'InvalidURI'],
    ['a lone high surrogate', '%ed%a0%80', 'InvalidURI'],
    ['a lone low surrogate', '%ed%bf%bf', 'InvalidURI'],
    ['a pair of surrogates as two characters', '%ed%a0%bd%ed%b0%80', 'InvalidURI'],
    ['a character above the last', '%f4%90%80%80', 'InvalidURI'],
    ['half a character', '%e2%82', 'InvalidURI'],
    ['1,025 bytes', 'a'.repeat(1025), 'KeyTooLongError'],
    ['1,025 bytes of long characters', `a${'%C3%A9'.repeat(512)}`, 'KeyTooLongError'],
  ]

  test.each(NO_KEYS)('%s is refused in the path, in a copy source, and in part', async (_name, path, code) => {
    for (const method of ['PUT', 'GET', 'DELETE', 'POST']) {
      const query = method === 'POST' ? '?uploads=' : ''
      expect((await send({ method, target: `/none/${path}${query}` })).code).toBe(code)
    }
    expect((await send({ method: 'HEAD', target: `/none/${path}` })).status).toBe(400)
    const headers = { 'x-amz-copy-source': `/none/${path}` }
    const copy = await send({ method: 'PUT', target: '/none/copy', headers })
    expect([copy.status, copy.code === code || copy.code === 'InvalidArgument']).toEqual([400, true])
    expect(await listAll('none', '')).toEqual([])
  })

  test.each(['&#0;', '&#xD800;', '&#xDFFF;', '&#x110000;', '&#x1F;', '\x00', '\x1f', 'a'.repeat(1025), ''])(
    '%.20j is refused in the XML of DeleteObjects',
    async (text) => {
      await send({ method: 'PUT', target: '/none/kept', body: 'x' })
      const body = `<Delete><Object><Key>kept</Key></Object><Object><Key>${text}</Key></Object></Delete>`
      const answer = await send({ method: 'POST', target: '/none?delete=', body })
      expect(answer.status).toBeLessThan(500)
      expect(answer.text).toMatch(/<Code>(?:MalformedXML|KeyTooLongError|UserKeyMustBeSpecified|NoSuchKey)<\/Code>/)
      await send({ method: 'DELETE', target: '/none/kept' })
    },
  )

  test.each(['prefix', 'delimiter', 'marker', 'key-marker', 'start-after', 'continuation-token', 'upload-id-marker'])(
    'is refused as the %s of a list',
    async (name) => {
      for (const value of ['%00', '%ff', '%ed%a0%80', '%c0%af', 'a%2']) {
        for (const kind of ['', '&list-type=2', '&versions=', '&uploads=']) {
          const answer = await send({ method: 'GET', target: `/none?${name}=${value}${kind}` })
          expect([value, kind, answer.status, answer.code]).toEqual([value, kind, 400, 'InvalidURI'])
        }
      }
    },
  )
})
