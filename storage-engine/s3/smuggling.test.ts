import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestDatabase } from '#storage-engine/testing/database-digest.ts'
import { converseRaw, signedLines } from '#storage-engine/testing/raw-connection.ts'
import { sendSigned, sha256 } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** C2, C3 and C8 of docs/security.md, on the wire: what two parsers could read in two ways is read in none. */

const SECRET = 'the bytes that nobody else may see'
let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/ours' })
  await sendSigned(gateway, { method: 'PUT', target: '/ours/key', body: SECRET })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
})

afterAll(() => gateway.stop())

/** One refusal, nothing done, nothing told, and the server lives on. */
async function expectOneRefusal(lines: string[], body = ''): Promise<string[]> {
  const before = await digestDatabase(gateway.engine.db)
  const { statuses, codes, text } = await converseRaw(gateway, `${lines.join('\r\n')}\r\n\r\n${body}`)
  expect(text).not.toContain(SECRET)
  expect(statuses, text).toHaveLength(1)
  expect(statuses[0]).toMatch(/^4\d\d /)
  expect(await digestDatabase(gateway.engine.db)).toEqual(before)
  expect((await sendSigned(gateway, { method: 'HEAD', target: '/ours' })).status).toBe(200)
  return codes
}

const getKey = () => signedLines(gateway, { method: 'GET', target: '/ours/key' })
const putKey = (headers: Record<string, string>, body = 'x') =>
  signedLines(gateway, { method: 'PUT', target: '/ours/key', headers, payloadHash: sha256(body) })

describe('a header that is there twice', () => {
  test.each([
    ['host', 'elsewhere'],
    ['host', ''],
    ['authorization', 'AWS4-HMAC-SHA256 x'],
    ['x-amz-date', '20200101T000000Z'],
    ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
    ['x-amz-security-token', 'a'],
    ['content-md5', 'a'],
    ['expect', '100-continue'],
  ])('%s: %s is refused, before the first and after it', async (name, value) => {
    const lines = getKey()
    const own = lines.some((line) => line.startsWith(`${name}:`)) ? [] : [`${name}: ${value}`]
    for (const twin of [`${name}: ${value}`, `${name.toUpperCase()}:${value}`]) {
      expect(await expectOneRefusal([...lines, ...own, twin])).toEqual(['InvalidRequest'])
      expect(await expectOneRefusal([lines[0] as string, twin, ...lines.slice(1), ...own])).toEqual(['InvalidRequest'])
    }
  })

  test('content-length is refused, also when both agree', async () => {
    for (const second of ['1', '0', '50', '+1', '0x1']) {
      await expectOneRefusal([...putKey({ 'content-length': '1' }), `content-length: ${second}`], 'x')
    }
  })
})

/** Behind a body that ends where one reader thinks and not where another does. */
const hidden = () => signedLines(gateway, { method: 'DELETE', target: '/ours/key' }).join('\r\n')

describe('the end of a body', () => {
  test.each([
    'chunked, chunked',
    'identity',
    'gzip, chunked',
    'chunked, identity',
    'xchunked',
    'x',
    '',
    'chunked;q=1',
    '"chunked"',
    '\x0bchunked',
    'chunked\x00',
    'cow',
  ])('is in no doubt: Transfer-Encoding: %j is refused', async (encoding) => {
    const body = `0\r\n\r\n${hidden()}\r\n\r\n`
    await expectOneRefusal([...putKey({}), `transfer-encoding: ${encoding}`], body)
    await expectOneRefusal([...putKey({ 'content-length': '5' }), `transfer-encoding: ${encoding}`], body)
  })

  test.each(['transfer-encoding: chunked', 'Transfer-Encoding:chunked', 'transfer-encoding: CHUNKED'])(
    'is in no doubt: a length and %s are refused',
    async (encoding) => {
      await expectOneRefusal([...putKey({ 'content-length': '5' }), encoding], `0\r\n\r\n${hidden()}\r\n\r\n`)
    },
  )

  test.each(['-1', '1.5', '1e3', '0x5', '١', '18446744073709551616', '99999999999999999999', '5, 5', '5;', ''])(
    'is in no doubt: Content-Length: %j is refused',
    async (length) => {
      await expectOneRefusal([...putKey({}), `content-length: ${length}`], `x${hidden()}\r\n\r\n`)
    },
  )

  test.each(['g', '-1', '0x1', ' 1', '1 ', '1\t', 'ffffffffffffffffff', '1;\n', ''])(
    'is in no doubt: the chunk size %j is refused',
    async (size) => {
      const body = `${size}\r\nx\r\n0\r\n\r\n${hidden()}\r\n\r\n`
      await expectOneRefusal([...putKey({}), 'transfer-encoding: chunked'], body)
    },
  )
})

describe('a header line', () => {
  test.each([
    ['a fold', 'x-amz-meta-a: b\r\n c'],
    ['a fold of nothing', 'x-amz-meta-a:\r\n\tb'],
    ['a bare line feed', 'x-amz-meta-a: b\nx-amz-acl: public-read'],
    ['a bare carriage return', 'x-amz-meta-a: b\rx-amz-acl: public-read'],
    ['a NUL', 'x-amz-meta-a: b\x00c'],
    ['a control character', 'x-amz-meta-a: b\x01c'],
    ['a space before the colon', 'x-amz-meta-a : b'],
    ['a space within the name', 'x-amz meta: b'],
    ['no name', ': b'],
    ['no colon', 'x-amz-meta-a'],
    ['a name in brackets', '(x): b'],
    ['a name beyond ASCII', 'x-amz-méta: b'],
  ])('with %s is refused', async (_name, line) => {
    await expectOneRefusal([...getKey().slice(0, -1), line, 'connection: close'])
  })

  test('of 17,000 bytes is refused', async () => {
    expect(await expectOneRefusal([...getKey(), `x: ${'x'.repeat(17_000)}`])).toEqual(['RequestHeaderSectionTooLarge'])
  })

  test('of a megabyte ends the connection', async () => {
    const lines = [...getKey(), `x: ${'x'.repeat(1_000_000)}`]
    const { text } = await converseRaw(gateway, `${lines.join('\r\n')}\r\n\r\n`)
    // What is still on its way when the answer goes out may make the client's system drop it.
    expect(text).toMatch(/^$|RequestHeaderSectionTooLarge/)
  })

  test('among many is refused', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `x-${index}: y`)
    expect(await expectOneRefusal([...getKey(), ...many])).toEqual(['RequestHeaderSectionTooLarge'])
  })

  test.each(['__proto__', 'constructor', 'hasownproperty', 'tostring'])(
    'named %s is a header like any other',
    async (name) => {
      const lines = signedLines(gateway, { method: 'GET', target: '/ours/key', headers: { [name]: 'x' } })
      const { statuses } = await converseRaw(gateway, `${lines.join('\r\n')}\r\n\r\n`)
      expect(statuses).toEqual(['200 OK'])
    },
  )
})

test.each(['200', '', 'cow'])('Expect: %j is read past', async (expectation) => {
  const lines = [...getKey(), `expect: ${expectation}`]
  const { statuses } = await converseRaw(gateway, `${lines.join('\r\n')}\r\n\r\n`)
  expect(statuses).toEqual(['200 OK'])
})

test('an empty length is refused, alone and beside chunks', async () => {
  expect(await expectOneRefusal([...getKey(), 'content-length:'])).toEqual(['InvalidRequest'])
  const lines = [...putKey({}), 'content-length:', 'transfer-encoding: chunked']
  expect(await expectOneRefusal(lines, '1\r\nx\r\n0\r\n\r\n')).toEqual(['InvalidRequest'])
})

describe('a request line', () => {
  test.each([
    'GET\t/ours/key HTTP/1.1',
    ' GET /ours/key HTTP/1.1',
    'GET /ours/key',
    'GET /ours/key HTTP/0.9',
    'GET /ours/key HTTP/1.2',
    'GET /ours/key HTTP/2.0',
    'GET /ours/key http/1.1',
    'GET /ours/key HTTP/1.1 x',
    'PRI * HTTP/2.0',
    'get /ours/key HTTP/1.1',
    'GETT /ours/key HTTP/1.1',
    'TRACE /ours/key HTTP/1.1',
    'PATCH /ours/key HTTP/1.1',
    'GET * HTTP/1.1',
    'GET ours/key HTTP/1.1',
    'GET ../ours/key HTTP/1.1',
    'GET ftp://ours/key HTTP/1.1',
    'GET https:///ours/key HTTP/1.1',
    'GET /ours/ke y HTTP/1.1',
    'GET /ours/key\x00 HTTP/1.1',
    'GET /ours/key\x7f HTTP/1.1',
    'GET /ours/key%00 HTTP/1.1',
    'GET /ours/key%zz HTTP/1.1',
    'GET /ours/key% HTTP/1.1',
    'GET /ours/%c0%ae%c0%ae/key HTTP/1.1',
    'GET /ours/%ed%a0%80 HTTP/1.1',
    'GET /ours/%f8%88%80%80%80 HTTP/1.1',
    'GET /ours/\xff HTTP/1.1',
    'GET /%00/key HTTP/1.1',
    `GET /ours/${'x'.repeat(17_000)} HTTP/1.1`,
    `GET /ours?${'x=y&'.repeat(4_200)} HTTP/1.1`,
  ])('%j is refused', async (line) => {
    const [, ...rest] = getKey()
    await expectOneRefusal([line, ...rest])
  })

  test('that asks for a tunnel ends the connection', async () => {
    const [, ...rest] = getKey()
    const { text } = await converseRaw(gateway, `CONNECT ours:443 HTTP/1.1\r\n${rest.join('\r\n')}\r\n\r\n`)
    expect(text).toBe('')
  })

  test('with another space in front of the target reads the same', async () => {
    const [, ...rest] = getKey()
    const { statuses } = await converseRaw(gateway, `GET  /ours/key HTTP/1.1\r\n${rest.join('\r\n')}\r\n\r\n`)
    expect(statuses).toEqual(['200 OK'])
  })

  test('without a Host is refused', async () => {
    await expectOneRefusal(getKey().filter((line) => !line.startsWith('host:')))
  })
})

/** A signature of one target never serves for another one, however alike they look to a parser that folds. */
describe('a target', () => {
  const FORMS = [
    '/theirs/../ours/key',
    '/theirs/%2e%2e/ours/key',
    '/theirs/..%2fours%2fkey',
    '/theirs/.%2e/ours/key',
    '/theirs/%252e%252e/ours/key',
    '/theirs/..%5cours%5ckey',
    '/theirs/../../ours/key',
    '/theirs//../ours/key',
    '/theirs%2f..%2fours/key',
    '/theirs%2f%2e%2e%2fours%2fkey',
    '/theirs/./../ours/key',
    '/../ours/key',
    '//ours/key',
    '/./ours/key',
    '/%2e/ours/key',
    '/ours%2fkey',
    '/ours%00/key',
    '/ours%20/key',
    '/OURS/key',
    '/ours/key?/../../theirs/key',
    '/theirs/key?versionId=../../ours/key',
    '/theirs?prefix=../ours',
    '/theirs?prefix=../ours/&delimiter=/',
    '/theirs?list-type=2&start-after=../ours/key',
    '/theirs?marker=../ours',
  ]

  test.each(FORMS)("%s leads nobody into another's bucket", async (target) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const signed = signedLines(gateway, {
        method,
        // The signer of the tests takes a target as it is; its query's parameters have to be in canonical form.
        target: target.replace(/(?<=\?.*)\//g, '%2F'),
        as: 'neighbour',
        headers: method === 'PUT' ? { 'content-length': '0' } : {},
      })
      const { statuses, text } = await converseRaw(gateway, `${signed.join('\r\n')}\r\n\r\n`)
      expect(text).not.toContain(SECRET)
      expect(statuses).toHaveLength(1)
      expect(statuses[0], text).not.toMatch(/^5/)
      expect((await sendSigned(gateway, { method: 'GET', target: '/ours/key' })).text).toBe(SECRET)
      await emptyTheirs()
    }
  })

  test.each([
    '/theirs/../ours/key',
    '/theirs/%2e%2e/ours/key',
    'https://elsewhere/ours/key',
    '//ours/key',
    '/ours/./key',
  ])('signed as /ours/key and sent as %s is refused', async (target) => {
    const [, ...rest] = getKey()
    await expectOneRefusal([`GET ${target} HTTP/1.1`, ...rest])
  })
})

/** What a stranger wrote into its own bucket, by names that look like ways out of it, is taken away again. */
async function emptyTheirs(): Promise<void> {
  const { text } = await sendSigned(gateway, {
    method: 'GET',
    target: '/theirs?encoding-type=url&versions=',
    as: 'neighbour',
  })
  for (const [, key] of text.matchAll(/<Key>(.*?)<\/Key>/g)) {
    const target = `/theirs/${key?.replaceAll('+', '%20').replace(/%2F/g, '/')}`
    await sendSigned(gateway, { method: 'DELETE', target, as: 'neighbour' })
  }
}
