import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestDatabase } from '#storage-engine/testing/database-digest.ts'
import { requestForRow, SERVED_OPERATIONS, type ServedOperation } from '#storage-engine/testing/operation-request.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** C2 and C13 of docs/security.md: no document costs more than its bytes, and none brings the server down. */

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/ours' })
  await sendSigned(gateway, { method: 'PUT', target: '/ours/key', body: 'content' })
})

afterAll(() => gateway.stop())

/** They take their body for content, whatever it is. */
const CONTENT = ['PutObject', 'UploadPart', 'PostObject']
const withBody = SERVED_OPERATIONS.filter(
  ({ method, name }) => (method === 'PUT' || method === 'POST') && !CONTENT.includes(name),
)

async function send(row: ServedOperation, body: Buffer | string) {
  const request = requestForRow(row, 'ours')
  const answer = await sendSigned(gateway, { ...request, body })
  expect(answer.status, `${row.name}: ${answer.text.slice(0, 300)}`).toBeLessThan(500)
  return answer
}

/** Found by asking, so that a new operation with a document is bombed by itself. */
async function readersOf(broken: string, code: string): Promise<ServedOperation[]> {
  const readers: ServedOperation[] = []
  for (const row of withBody) if ((await send(row, broken)).code === code) readers.push(row)
  return readers
}

const repeat = (text: string, count: number) => text.repeat(count)
const MIB = 1024 ** 2

const XML_BOMBS: Record<string, Buffer | string> = {
  'entities that multiply': `<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "${repeat('&a;', 1000)}"><!ENTITY c "${repeat('&b;', 1000)}">]><a>&c;</a>`,
  'an entity that is a file': '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
  'an entity of the network': '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><a/>',
  'a document type alone': '<!DOCTYPE a><a/>',
  'an entity that nobody declared': '<a>&unknown;</a>',
  'depth beyond the limit': `${repeat('<a>', 17)}${repeat('</a>', 17)}`,
  'great depth': `${repeat('<a>', 100_000)}${repeat('</a>', 100_000)}`,
  'depth without an end': repeat('<a>', 300_000),
  'more elements than the limit': `<a>${repeat('<b/>', 100_001)}</a>`,
  'a megabyte too much': `<a>${repeat(' ', 4 * MIB)}</a>`,
  'no end of a name': `<${repeat('a', MIB - 10)}`,
  'no end of a comment': `<!--${repeat('-', MIB - 10)}`,
  'no end of an instruction': `<?${repeat('a', MIB - 10)}`,
  'no end of a section': `<a><![CDATA[${repeat(']', MIB - 20)}`,
  'no end of a value': `<a b="${repeat('x', MIB - 10)}`,
  'many attributes, one twice': `<a ${Array.from({ length: 50_000 }, (_, index) => `a${index}="x"`).join(' ')} a1="y"/>`,
  'a number that is no character': '<a>&#xFFFFFFFFFFFFFFFF;</a>',
  'a number of zero': '<a>&#0;</a>',
  'half a pair': '<a>&#xD800;</a>',
  'bytes that are no UTF-8': Buffer.from('<a>\xff\xfe</a>', 'latin1'),
  'UTF-16': Buffer.from('\ufeff<a/>', 'utf16le'),
  'UTF-16 that says so': '<?xml version="1.0" encoding="UTF-16"?><a>',
  'two roots': '<a/><a/>',
  'text beside the root': 'x<a/>x',
  nothing: '',
  'a NUL': '\0',
  'only white space': repeat(' \n', 1000),
  'names of prototypes': '<__proto__><constructor/><__proto__>x</__proto__></__proto__>',
}

describe('an XML document of', () => {
  let readers: ServedOperation[]

  beforeAll(async () => {
    readers = await readersOf('<unclosed', 'MalformedXML')
  })

  test('a broken kind is refused by the operations that read one', () => {
    expect(readers.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['CreateBucket', 'DeleteObjects', 'CompleteMultipartUpload']),
    )
  })

  test.each(Object.entries(XML_BOMBS))(
    '%s is refused by each of them, and by none with an error of ours',
    async (what, bomb) => {
      const before = await digestDatabase(gateway.engine.db)
      for (const row of readers) {
        const answer = await send(row, bomb)
        // An empty body may mean that nothing is asked for.
        if (what === 'nothing') continue
        expect([row.name, answer.status], answer.text).toEqual([row.name, 400])
        expect(answer.text).not.toContain('root:')
        expect(answer.body.length).toBeLessThan(4096)
      }
      if (what !== 'nothing') expect(await digestDatabase(gateway.engine.db)).toEqual(before)
    },
  )

  test('any of these kinds reaches the other operations unread, or is refused', async () => {
    for (const row of withBody) {
      if (readers.includes(row)) continue
      for (const bomb of Object.values(XML_BOMBS)) await send(row, bomb)
    }
  })
})

const policyWith = (changes: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::ours/*', ...changes },
    ],
  })

const JSON_BOMBS: Record<string, Buffer | string> = {
  'great depth': `${repeat('[', 9_000)}${repeat(']', 9_000)}`,
  'depth without an end': repeat('{"a":', 4_000),
  'depth within a statement': policyWith({ Condition: JSON.parse(`${repeat('{"a":', 500)}1${repeat('}', 500)}`) }),
  'a megabyte too much': policyWith({ Sid: repeat('x', MIB) }),
  '20 KB and one byte': policyWith({ Sid: repeat('x', 20 * 1024) }),
  'many statements': JSON.stringify({ Version: '2012-10-17', Statement: Array.from({ length: 5_000 }, () => ({})) }),
  'bytes that are no UTF-8': Buffer.from('{"Version":"\xff"}', 'latin1'),
  'UTF-16': Buffer.from('\ufeff{}', 'utf16le'),
  'a number for a text': policyWith({ Resource: 1e308 }),
  'names of prototypes': '{"__proto__":{"Version":"2012-10-17"},"constructor":{},"Statement":[]}',
  'a statement that is a prototype': '{"Version":"2012-10-17","Statement":{"__proto__":{"Effect":"Allow"}}}',
  nothing: '',
  null: 'null',
  'a text': '"policy"',
  'two documents': '{}{}',
  'a comment': '/* */{}',
}

describe('a policy of', () => {
  let readers: ServedOperation[]

  beforeAll(async () => {
    readers = await readersOf('{', 'MalformedPolicy')
  })

  test('a broken kind is refused by the operation that reads one', () => {
    expect(readers.map(({ name }) => name)).toEqual(['PutBucketPolicy'])
  })

  test.each(Object.entries(JSON_BOMBS))('%s is refused, and nothing is changed', async (_name, bomb) => {
    const before = await digestDatabase(gateway.engine.db)
    for (const row of readers) {
      const answer = await send(row, bomb)
      expect(answer.status, answer.text).toBe(400)
      expect(answer.body.length).toBeLessThan(4096)
    }
    expect(await digestDatabase(gateway.engine.db)).toEqual(before)
  })

  test('wildcards that a search with backtracking would never finish is judged like any other', async () => {
    const put = await sendSigned(gateway, {
      method: 'PUT',
      target: '/ours?policy=',
      body: policyWith({ Resource: `arn:aws:s3:::ours/${repeat('*a', 900)}*b` }),
    })
    expect([put.status, put.code]).toEqual([204, ''])
    const answer = await sendSigned(gateway, { method: 'GET', target: `/ours/${repeat('a', 1_000)}`, as: 'user' })
    expect(answer.status).toBe(403)
    expect((await sendSigned(gateway, { method: 'DELETE', target: '/ours?policy=' })).status).toBe(204)
  })
})
