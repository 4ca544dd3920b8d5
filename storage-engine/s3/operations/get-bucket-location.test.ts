import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

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
