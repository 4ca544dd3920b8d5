import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestForRow, SERVED_OPERATIONS, type ServedOperation } from '#storage-engine/testing/operation-request.ts'
import { type RawAnswer, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway
const SECRET = 'the bytes that nobody else may see'

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/ours' })
  await sendSigned(gateway, { method: 'PUT', target: '/ours/key', body: SECRET })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
})

afterAll(() => gateway.stop())

const names = SERVED_OPERATIONS.map((row): [string, ServedOperation] => [row.name, row])
const onBuckets = names.filter(([, { needs }]) => needs !== 'service' && needs !== 'bucket-name')

/** HEAD answers have no body, so only the status tells. */
function expectRefusal(answer: RawAnswer, row: ServedOperation, codes: string[]): void {
  expect(answer.text).not.toContain(SECRET)
  if (row.method === 'HEAD') expect([400, 403]).toContain(answer.status)
  else expect(codes).toContain(answer.code)
}

test.each(names)('%s answers AccessDenied to anonymous', async (_name, row) => {
  expectRefusal(await sendSigned(gateway, { ...requestForRow(row, 'ours'), as: null }), row, ['AccessDenied'])
})

test.each(names)('%s answers AccessDenied to a storage account without a grant', async (_name, row) => {
  expectRefusal(await sendSigned(gateway, { ...requestForRow(row, 'ours'), as: 'account' }), row, ['AccessDenied'])
})

test.each(onBuckets)(
  '%s answers AccessDenied to another namespace and to another owner of the same',
  async (_name, row) => {
    for (const as of ['neighbour', 'user'] as const) {
      expectRefusal(await sendSigned(gateway, { ...requestForRow(row, 'ours'), as }), row, ['AccessDenied'])
    }
  },
)

test.each(onBuckets)('%s answers NoSuchBucket for a bucket that is not there', async (_name, row) => {
  const answer = await sendSigned(gateway, requestForRow(row, 'nowhere'))
  expect(answer.status).toBe(404)
  if (row.method !== 'HEAD') expect(answer.code).toBe('NoSuchBucket')
})

test.each(names)('%s answers InvalidArgument when the hash of its body is none', async (_name, row) => {
  const answer = await sendSigned(gateway, { ...requestForRow(row, 'ours'), payloadHash: 'nonsense' })
  expect(answer.status).toBe(400)
  if (row.method !== 'HEAD') expect(answer.code).toBe('InvalidArgument')
})

const onObjects = names.filter(([, { needs }]) => needs === 'object')

test.each(onObjects)('%s answers NoSuchKey for a key that is not there', async (_name, row) => {
  const { target, ...request } = requestForRow(row, 'ours')
  const answer = await sendSigned(gateway, { ...request, target: target.replace('/key', '/none') })
  expect(answer.status).toBe(404)
  if (row.method !== 'HEAD') expect(answer.code).toBe('NoSuchKey')
})

test.each(onObjects)('%s answers for no version that is none, or not there', async (_name, row) => {
  const { target, ...request } = requestForRow(row, 'ours')
  const of = (versionId: string) => {
    const version = `versionId=${versionId}`
    return sendSigned(gateway, { ...request, target: `${target}${target.includes('?') ? '&' : '?'}${version}` })
  }
  const [none, gone] = [await of('nonsense'), await of('00000000-0000-4000-8000-000000000000')]
  expect([none.status, gone.status]).toEqual([400, 404])
  if (row.method !== 'HEAD') expect([none.code, gone.code]).toEqual(['InvalidArgument', 'NoSuchVersion'])
})

test('nothing that was refused has changed anything', async () => {
  const object = await sendSigned(gateway, { method: 'GET', target: '/ours/key' })
  expect(object.text).toBe(SECRET)
  const listed = await sendSigned(gateway, { method: 'GET', target: '/ours?list-type=2' })
  expect(listed.text.match(/<Key>[^<]*<\/Key>/g)).toEqual(['<Key>key</Key>'])
  const buckets = await sendSigned(gateway, { method: 'GET', target: '/' })
  expect(buckets.text.match(/<Name>[^<]*<\/Name>/g)).toEqual(['<Name>ours</Name>'])
})
