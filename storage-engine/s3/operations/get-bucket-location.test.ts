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

test('GetBucketLocation is empty for us-east-1', async () => {
  const { text } = await send('GET', '/bkt?location')
  expect(text).toContain('<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>')
})

test('GetBucketLocation names us-east-1 when the bucket was made with that name', async () => {
  const named =
    '<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>'
  await send('PUT', '/named', { body: named })
  expect((await send('GET', '/named?location')).text).toContain('>us-east-1</LocationConstraint>')
})
