import { beforeAll, expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/key', body: 'x' })
})

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
