import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('GetBucketOwnershipControls answers OwnershipControlsNotFoundError until a rule is put', async () => {
  const missing = await send('GET', '/bkt?ownershipControls')
  expect(missing).toMatchObject({ status: 404, code: 'OwnershipControlsNotFoundError' })
  await send('PUT', '/made', { headers: { 'x-amz-object-ownership': 'BucketOwnerPreferred' } })
  expect((await send('GET', '/made?ownershipControls')).text).toContain(
    '<Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>',
  )
})
