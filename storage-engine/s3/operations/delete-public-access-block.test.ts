import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

test('DeletePublicAccessBlock removes the configuration, also when there is none', async () => {
  const body =
    '<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>'
  await send('PUT', '/bkt?publicAccessBlock', { body })
  for (let times = 0; times < 2; times++) expect((await send('DELETE', '/bkt?publicAccessBlock')).status).toBe(204)
  expect((await send('GET', '/bkt?publicAccessBlock')).code).toBe('NoSuchPublicAccessBlockConfiguration')
})
