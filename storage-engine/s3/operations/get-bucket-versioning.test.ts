import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')

test('says nothing of a bucket that was never versioned', async () => {
  const { status, text } = await sendSigned(gateway, { method: 'GET', target: '/bkt?versioning' })
  expect(status).toBe(200)
  expect(text).toMatch(/<VersioningConfiguration xmlns="[^"]+"><\/VersioningConfiguration>$/)
})

test('answers NoSuchBucket for a bucket that is not there', async () => {
  expect((await sendSigned(gateway, { method: 'GET', target: '/missing?versioning' })).code).toBe('NoSuchBucket')
})
