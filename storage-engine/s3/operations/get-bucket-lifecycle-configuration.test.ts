import { expect, it } from 'vitest'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')

const RULE = '<Rule><ID>r</ID><Prefix></Prefix><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>'
const get = (input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method: 'GET', target: '/bkt?lifecycle', ...input })

it('answers NoSuchLifecycleConfiguration until there is one, then the rules and their minimum', async () => {
  const before = await get()
  expect([before.status, before.code]).toEqual([404, 'NoSuchLifecycleConfiguration'])
  const body = `<LifecycleConfiguration>${RULE}</LifecycleConfiguration>`
  await sendSigned(gateway, { method: 'PUT', target: '/bkt?lifecycle', body })
  const { text, headers } = await get()
  expect(text).toContain(RULE)
  expect(headers['x-amz-transition-default-minimum-object-size']).toBe('all_storage_classes_128K')
})

it('is for those who may, on buckets that are there', async () => {
  expect((await get({ as: null })).code).toBe('AccessDenied')
  expect((await get({ as: 'neighbour' })).code).toBe('AccessDenied')
  expect((await get({ target: '/missing?lifecycle' })).code).toBe('NoSuchBucket')
})
