import { afterAll, beforeAll, expect, test } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const SYSTEM = '/backups/.system-d26a9498-cb7c-4a87-a44a-8ae204f5ba6c/system.xml'
const CAPACITY = '/backups/.system-d26a9498-cb7c-4a87-a44a-8ae204f5ba6c/capacity.xml'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/backups' })
})
afterAll(() => gateway.stop())

test('tells backup software what the store can do', async () => {
  const answer = await sendSigned(gateway, { method: 'GET', target: SYSTEM })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('<ProtocolVersion>&quot;1.0&quot;</ProtocolVersion>')
  expect(answer.text).toContain('<CapacityInfo>true</CapacityInfo><UploadSessions>false</UploadSessions>')
  expect(answer.text).toContain('<KbBlockSize>4096</KbBlockSize>')
  expect(answer.headers.etag).toBe(`"${referenceMd5(answer.body).toString('hex')}"`)
})

test('tells how full the store is', async () => {
  const { text } = await sendSigned(gateway, { method: 'GET', target: CAPACITY })
  const [node] = await gateway.engine.blobs.status()
  expect(text).toContain(`<Capacity>${node?.totalBytes}</Capacity>`)
  const [, available, used] = /<Available>(\d+)<\/Available><Used>(\d+)<\/Used>/.exec(text) ?? []
  expect(Number(available)).toBeGreaterThan(0)
  expect(Number(used)).toBeGreaterThan(0)
})

test('answers HEAD with the length and no body', async () => {
  const got = await sendSigned(gateway, { method: 'GET', target: SYSTEM })
  const head = await sendSigned(gateway, { method: 'HEAD', target: SYSTEM })
  expect(head.status).toBe(200)
  expect(head.headers['content-length']).toBe(String(got.body.length))
  expect(head.headers.etag).toBe(got.headers.etag)
})

test.each(['PUT', 'DELETE', 'POST'])('refuses %s, and lists nothing', async (method) => {
  const target = method === 'POST' ? `${SYSTEM}?uploads` : SYSTEM
  expect(await sendSigned(gateway, { method, target, body: 'x' })).toMatchObject({
    status: 405,
    code: 'MethodNotAllowed',
  })
  const listed = await sendSigned(gateway, { method: 'GET', target: '/backups?list-type=2' })
  expect(listed.text).toContain('<KeyCount>0</KeyCount>')
})

test('tells nobody who may not read the bucket', async () => {
  for (const as of [null, 'account', 'neighbour'] as const) {
    expect(await sendSigned(gateway, { method: 'GET', target: CAPACITY, as })).toMatchObject({ status: 403 })
  }
  expect(await sendSigned(gateway, { method: 'GET', target: CAPACITY.replace('backups', 'none') })).toMatchObject({
    code: 'NoSuchBucket',
  })
})

test('leaves other keys of the folder alone', async () => {
  const target = SYSTEM.replace('system.xml', 'other.xml')
  expect((await sendSigned(gateway, { method: 'PUT', target, body: 'mine' })).status).toBe(200)
  expect((await sendSigned(gateway, { method: 'GET', target })).text).toBe('mine')
})

test('knows no such objects when the setting is off', async () => {
  gateway.engine.config.sosapi = 'off'
  expect(await sendSigned(gateway, { method: 'GET', target: SYSTEM })).toMatchObject({ code: 'NoSuchKey' })
  gateway.engine.config.sosapi = 'on'
  expect(await sendSigned(gateway, { method: 'GET', target: SYSTEM })).toMatchObject({ status: 200 })
})
