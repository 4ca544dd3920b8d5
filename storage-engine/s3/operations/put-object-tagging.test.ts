import { expect, test } from 'vitest'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import { putSlowly } from '#storage-engine/testing/send-slowly.ts'

const { gateway, send } = await openTestGateway()
await send('PUT', '/bkt')
await send('PUT', '/bkt/key', { body: 'x' })
await send('PUT', '/versions', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })

const tagging = (...keys: string[]) =>
  `<Tagging><TagSet>${keys.map((key) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`).join('')}</TagSet></Tagging>`
const tagsOf = async (target: string) =>
  [...(await send('GET', target)).text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)

test('PutObjectTagging replaces the tags and leaves the object as it is', async () => {
  const before = (await send('HEAD', '/bkt/key')).headers
  const put = await send('PUT', '/bkt/key?tagging', { body: tagging('a', 'b') })
  expect([put.status, put.headers['x-amz-version-id']]).toEqual([200, undefined])
  expect(await tagsOf('/bkt/key?tagging')).toEqual(['a', 'b'])
  const tagged = (await send('HEAD', '/bkt/key')).headers
  expect(tagged['x-amz-tagging-count']).toBe('2')
  expect([tagged.etag, tagged['last-modified']]).toEqual([before.etag, before['last-modified']])
  await send('PUT', '/bkt/key?tagging', { body: tagging('c') })
  expect(await tagsOf('/bkt/key?tagging')).toEqual(['c'])
  await send('PUT', '/bkt/key?tagging', { body: tagging() })
  expect((await send('HEAD', '/bkt/key')).headers).not.toHaveProperty('x-amz-tagging-count')
})

test('PutObjectTagging tags the version that is named', async () => {
  const older = (await send('PUT', '/versions/key', { body: '1' })).headers['x-amz-version-id']
  const newer = (await send('PUT', '/versions/key', { body: '2' })).headers['x-amz-version-id']
  const put = await send('PUT', `/versions/key?tagging&versionId=${older}`, { body: tagging('old') })
  expect(put.headers['x-amz-version-id']).toBe(older)
  expect(await tagsOf(`/versions/key?tagging&versionId=${older}`)).toEqual(['old'])
  const current = await send('GET', '/versions/key?tagging')
  expect([current.headers['x-amz-version-id'], current.text]).toEqual([newer, expect.not.stringContaining('<Tag>')])
})

test.each([
  ['/bkt/key', tagging(...Array.from({ length: 11 }, (_, index) => `k${index}`)), 'InvalidTag'],
  ['/bkt/key', tagging('a', 'a'), 'InvalidTag'],
  ['/bkt/key', tagging('k'.repeat(129)), 'InvalidTag'],
  ['/bkt/key', '<Tagging/>', 'MalformedXML'],
  ['/bkt/missing', tagging('a'), 'NoSuchKey'],
])('PutObjectTagging of %s refuses %s with %s', async (target, body, code) => {
  expect((await send('PUT', `${target}?tagging`, { body })).code).toBe(code)
})

test('PutObjectTagging does not tag what has taken the place of the object that it may tag', async () => {
  const Condition = { StringEquals: { 's3:ExistingObjectTag/of': 'user' } }
  await send('PUT', '/bkt?policy', { body: policyOf({ Action: ['s3:GetObject', 's3:PutObjectTagging'], Condition }) })
  const put = (owner: string) => send('PUT', '/bkt/slow', { body: owner, headers: { 'x-amz-tagging': `of=${owner}` } })
  const document = '<Tagging><TagSet><Tag><Key>of</Key><Value>user</Value></Tag></TagSet></Tagging>'
  const tag = (meanwhile: () => Promise<unknown>) =>
    putSlowly(gateway, { target: '/bkt/slow?tagging', document, as: 'neighbour', meanwhile })
  await put('user')
  expect(await tag(() => put('root'))).toContain('<Code>AccessDenied</Code>')
  expect((await send('GET', '/bkt/slow', { as: 'neighbour' })).code).toBe('AccessDenied')
  await put('user')
  expect(await tag(async () => {})).toBe('')
})
