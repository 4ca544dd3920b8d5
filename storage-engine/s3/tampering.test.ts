import { randomBytes } from 'node:crypto'
import https from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned, sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'
import { readAfter } from '#storage-engine/testing/tampering.ts'

let gateway: TestGateway
const BODIES = { small: randomBytes(100), segments: randomBytes(200_000), large: randomBytes(1_500_000) }

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
  for (const [key, body] of Object.entries(BODIES)) await send('PUT', `/bkt/${key}`, { body })
})
afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

const ofKey = `from object_versions o where o.blob_id = f.blob_id and o.key = $1`
const LIES: [name: string, statement: string][] = [
  ['the blob is plain', `update blobs f set cipher = 0 ${ofKey}`],
  [
    'everything is plain',
    `with v as (update object_versions o set size = f.stored_size, sealed_size = 0, wrapped_data_key = null, namespace_key_version = null
      from blobs f where o.blob_id = f.blob_id and o.key = $1) update blobs f set cipher = 0, size = stored_size ${ofKey}`,
  ],
  [
    'everything is shorter',
    `with v as (update object_versions set size = size - 1, sealed_size = sealed_size - 1 where key = $1)
      update blobs f set size = f.size - 1, stored_size = f.stored_size - 1 ${ofKey}`,
  ],
  [
    'everything is shorter, as the sizes of rows only',
    `with v as (update object_versions set size = size - 1, sealed_size = sealed_size - 1 where key = $1)
      update blobs f set size = f.size - 1 ${ofKey}`,
  ],
  [
    'the data key is damaged',
    `update object_versions set wrapped_data_key = set_byte(wrapped_data_key, 70, 255 - get_byte(wrapped_data_key, 70)) where key = $1`,
  ],
  [
    'the data key is of another object',
    `update object_versions v set wrapped_data_key = o.wrapped_data_key from object_versions o
      where v.key = $1 and o.wrapped_data_key <> v.wrapped_data_key`,
  ],
  [
    'the blob is of another object',
    `update object_versions v set blob_id = o.blob_id from object_versions o where v.key = $1 and o.key <> $1`,
  ],
]

const cases = Object.keys(BODIES).flatMap((key) => LIES.map(([name, statement]) => ({ key, name, statement })))

/** What comes before the answer ends or breaks. */
function receive(
  key: string,
  own: Record<string, string>,
): Promise<{ status: number; body: Buffer; isWhole: boolean }> {
  const { port, ca, credentials } = gateway
  const target = `/bkt/${key}`
  const signed = { method: 'GET', target, headers: { host: `127.0.0.1:${port}`, ...own }, payloadHash: sha256('') }
  const { headers } = signHeaders({ ...signed, credentials: credentials.root })
  return new Promise((resolve, reject) => {
    const request = https.get({ host: '127.0.0.1', port, ca, path: target, headers }, (response) => {
      const chunks: Buffer[] = []
      const settle = () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), isWhole: response.complete })
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', settle)
        .on('error', settle)
    })
    request.on('error', reject)
  })
}

test.each(cases)('answers no byte of $key once rows say that $name', async ({ key, statement }) => {
  const ranges = [undefined, 'bytes=0-0', 'bytes=10-90', 'bytes=-50']
  async function read(): Promise<void> {
    for (const range of ranges) {
      const { status, body, isWhole } = await receive(key, range === undefined ? {} : { range })
      if (isWhole) expect([status, body.toString()], range).toEqual([500, expect.stringContaining('InternalError')])
      else expect(body.length, range).toBe(0)
    }
  }
  await readAfter(gateway.engine, { statement, values: [key], read })
})

test('answers every byte when nobody has tampered with anything', async () => {
  for (const [key, body] of Object.entries(BODIES)) {
    const answer = await send('GET', `/bkt/${key}`)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(body)).toBe(true)
  }
})
