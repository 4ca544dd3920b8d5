import { beforeAll, expect, test } from 'vitest'
import { findShred, insertShred } from '#storage-engine/metadata/namespace-shreds.ts'
import { setEncryptionMode } from '#storage-engine/metadata/namespaces.ts'
import { shredNamespace } from '#storage-engine/namespaces/shred-namespace.ts'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
const namespaceId = gateway.namespaceIds.acme

beforeAll(async () => {
  await send('PUT', '/bkt')
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/k', body: 'content' })
  await setEncryptionMode(gateway.engine.db, { namespaceId, mode: 'off' })
  await sendSigned(gateway, { method: 'PUT', target: '/bkt/plain', body: 'plain' })
  await send('PUT', '/bkt?policy', { body: policyOf() })
  await send('PUT', '/elsewhere', { as: 'neighbour' })
})

const ask = (method: string, target: string, as: 'root' | 'neighbour' = 'root') =>
  sendSigned(gateway, { method, target, as, ...(method === 'PUT' && { body: 'x' }) })

test('a namespace that is to be shredded is read and emptied, but takes nothing', async () => {
  const order = { id: '01900000-0000-7000-8000-00000000000a', namespaceId, scheduledBy: 'x', dueAt: new Date() }
  await insertShred(gateway.engine.db, order)
  expect((await ask('GET', '/bkt/k')).status).toBe(200)
  expect((await ask('HEAD', '/bkt')).status).toBe(200)
  const refused = await ask('PUT', '/bkt/new')
  expect([refused.status, refused.code]).toEqual([403, 'AccessDenied'])
  expect(refused.text).toContain('are to be destroyed')
  expect((await ask('POST', '/bkt/new?uploads')).code).toBe('AccessDenied')
  expect((await ask('DELETE', '/bkt/other')).status).toBe(204)
})

test('a shredded one answers everybody who had rights that its data is destroyed, and nobody else', async () => {
  const order = await findShred(gateway.engine.db, { namespaceId })
  await shredNamespace(gateway.engine, order as NonNullable<typeof order>)
  for (const [method, target] of [
    ['GET', '/bkt/k'],
    ['PUT', '/bkt/k'],
    ['DELETE', '/bkt/k'],
    ['GET', '/bkt?list-type=2'],
    ['GET', '/bkt?versioning'],
  ] as const) {
    const answer = await ask(method, target)
    expect([answer.status, answer.code], `${method} ${target}`).toEqual([403, 'AccessDenied'])
    expect(answer.text).toContain('have been destroyed')
    if (target === '/bkt/k' && method === 'GET') continue
    const stranger = await ask(method, target, 'neighbour')
    expect(stranger.status).toBe(403)
    expect(stranger.text).not.toContain('destroyed')
  }
})

test.each(['k', 'plain'])('nobody copies %s out of a shredded one', async (key) => {
  const copied = await send('PUT', `/elsewhere/${key}`, {
    as: 'neighbour',
    headers: { 'x-amz-copy-source': `/bkt/${key}` },
  })
  expect([copied.status, copied.code]).toEqual([403, 'AccessDenied'])
  expect(copied.text).toContain('have been destroyed')
})
