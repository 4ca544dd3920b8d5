import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeleteBucketOwnershipControls removes the rule, also when there is none', async () => {
  await send('PUT', '/made', { headers: { 'x-amz-object-ownership': 'BucketOwnerEnforced' } })
  for (let times = 0; times < 2; times++) expect((await send('DELETE', '/made?ownershipControls')).status).toBe(204)
  expect((await send('GET', '/made?ownershipControls')).code).toBe('OwnershipControlsNotFoundError')
  expect((await send('PUT', '/made?acl', { headers: { 'x-amz-acl': 'private' } })).status).toBe(200)
})
