import { expect, test } from 'vitest'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

const isPublic = async () => /<IsPublic>(\w+)</.exec((await send('GET', '/bkt?policyStatus')).text)?.[1]

test.each([
  [{}, 'true'],
  [{ Principal: { AWS: 'arn:aws:iam::globex:root' } }, 'false'],
  [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, 'false'],
  [{ Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/1' } } }, 'true'],
  [{ Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, 'true'],
  [{ Condition: { StringEquals: { 'aws:PrincipalAccount': '123456789012' } } }, 'false'],
  [{ Condition: { StringLike: { 'aws:PrincipalAccount': '*' } } }, 'true'],
  [{ Condition: { StringEquals: { 'aws:Referer': 'https://a.example' } } }, 'true'],
  [{ Effect: 'Deny' }, 'false'],
])('GetBucketPolicyStatus of a policy with %j is %s', async (change, expected) => {
  await send('PUT', '/bkt?policy', { body: policyOf(change) })
  expect(await isPublic()).toBe(expected)
})

test('GetBucketPolicyStatus counts ACLs, unless they are ignored', async () => {
  await send('DELETE', '/bkt?policy')
  expect(await isPublic()).toBe('false')
  await send('PUT', '/bkt?acl', { headers: { 'x-amz-acl': 'authenticated-read' } })
  expect(await isPublic()).toBe('true')
  const block =
    '<PublicAccessBlockConfiguration><IgnorePublicAcls>TRUE</IgnorePublicAcls></PublicAccessBlockConfiguration>'
  await send('PUT', '/bkt?publicAccessBlock', { body: block })
  expect(await isPublic()).toBe('false')
})
