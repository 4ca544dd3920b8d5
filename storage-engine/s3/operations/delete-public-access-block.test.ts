import { expect, test } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('DeletePublicAccessBlock removes the configuration, also when there is none', async () => {
  const body =
    '<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>'
  await send('PUT', '/bkt?publicAccessBlock', { body })
  for (let times = 0; times < 2; times++) expect((await send('DELETE', '/bkt?publicAccessBlock')).status).toBe(204)
  expect((await send('GET', '/bkt?publicAccessBlock')).code).toBe('NoSuchPublicAccessBlockConfiguration')
})
