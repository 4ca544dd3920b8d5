import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

test('says nothing of a bucket that was never versioned', async () => {
  const { status, text } = await sendSigned(gateway, { method: 'GET', target: '/bkt?versioning' })
  expect(status).toBe(200)
  expect(text).toMatch(/<VersioningConfiguration xmlns="[^"]+"><\/VersioningConfiguration>$/)
})

test('answers NoSuchBucket for a bucket that is not there', async () => {
  expect((await sendSigned(gateway, { method: 'GET', target: '/missing?versioning' })).code).toBe('NoSuchBucket')
})
