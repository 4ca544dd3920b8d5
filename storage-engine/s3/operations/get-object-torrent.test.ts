import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/key', body: 'x' })
})

afterAll(() => gateway.stop())

const get = (input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method: 'GET', target: '/bkt/key?torrent', ...input })

test('GetObjectTorrent answers that an object has none', async () => {
  const answer = await get()
  expect([answer.status, answer.code]).toEqual([404, 'NoSuchKey'])
  expect(answer.text).toContain('no torrent')
})

test('GetObjectTorrent is for those who may, on what is there', async () => {
  for (const as of ['neighbour', 'user', 'account', null] as const)
    expect((await get({ as })).code).toBe('AccessDenied')
  expect((await get({ tamper: (headers) => (headers['host'] = 'localhost') })).code).toBe('SignatureDoesNotMatch')
  const missing = await get({ target: '/bkt/missing?torrent' })
  expect([missing.code, missing.text.includes('no torrent')]).toEqual(['NoSuchKey', false])
  expect((await get({ target: '/missing/key?torrent' })).code).toBe('NoSuchBucket')
})
