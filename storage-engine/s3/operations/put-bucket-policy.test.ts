import { expect, test } from 'vitest'
import { policyOf } from '#storage-engine/testing/bucket-policy.ts'
import { openTestGateway } from '#storage-engine/testing/open-test-gateway.ts'

const { send } = await openTestGateway()
await send('PUT', '/bkt')

test('PutBucketPolicy stores a policy byte for byte, and it counts from the next request on', async () => {
  const body = `${policyOf()}\n`
  await send('PUT', '/bkt/public', { body: 'hello' })
  expect((await send('GET', '/bkt/public', { as: null })).code).toBe('AccessDenied')
  expect((await send('PUT', '/bkt?policy', { body })).status).toBe(204)
  expect((await send('GET', '/bkt?policy')).text).toBe(body)
  expect((await send('GET', '/bkt/public', { as: null })).text).toBe('hello')
  expect((await send('GET', '/bkt', { as: null })).code).toBe('AccessDenied')
})

test.each([
  ['', "Policies must be valid JSON and the first byte must be '{'"],
  ['[]', "Policies must be valid JSON and the first byte must be '{'"],
  [` ${policyOf()}`, "Policies must be valid JSON and the first byte must be '{'"],
  ['{"Version":"2012-10-17"}', 'Missing required field Statement'],
  [policyOf({ Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
  [policyOf({ Resource: '*' }), 'Policy has invalid resource'],
  [policyOf({ Principal: { AWS: 'nobody' } }), 'Invalid principal in policy'],
  [policyOf({ Action: 'iam:CreateUser' }), 'Policy has invalid action'],
  [policyOf({ Condition: { StringSame: { 'aws:Referer': 'x' } } }), 'Invalid Condition type : StringSame'],
  [policyOf({ Condition: { StringEquals: { 's3:x-amz-anything': 'x' } } }), 'Policy has an invalid condition key'],
])('PutBucketPolicy refuses %s with MalformedPolicy: %s', async (body, message) => {
  const answer = await send('PUT', '/bkt?policy', { body })
  expect(answer).toMatchObject({ status: 400, code: 'MalformedPolicy' })
  expect(answer.text).toContain(`<Message>${message.replaceAll("'", "'")}</Message>`)
})

test('PutBucketPolicy refuses bytes that are no UTF-8, NUL, and more than 20 KB without its white space', async () => {
  expect((await send('PUT', '/bkt?policy', { body: Buffer.from([0x7b, 0xff, 0x7d]) })).code).toBe('MalformedPolicy')
  expect((await send('PUT', '/bkt?policy', { body: '{\0}' })).code).toBe('MalformedPolicy')
  const long = policyOf({ Sid: 'x'.repeat(20_480) })
  expect((await send('PUT', '/bkt?policy', { body: long })).code).toBe('PolicyTooLarge')
  // What is too long is not read, whatever it says.
  expect((await send('PUT', '/bkt?policy', { body: `{${'['.repeat(500_000)}` })).code).toBe('PolicyTooLarge')
  expect((await send('PUT', '/bkt?policy', { body: `{${' '.repeat(30_000)}${policyOf().slice(1)}` })).status).toBe(204)
  // What stands between quotes is no white space: each request would be held against it.
  const spaced = policyOf({ Resource: `arn:aws:s3:::bkt/\${aws:username}${' '.repeat(20_480)}` })
  expect((await send('PUT', '/bkt?policy', { body: spaced })).code).toBe('PolicyTooLarge')
})

test('PutBucketPolicy binds the owner too when it confirms so', async () => {
  await send('PUT', '/bound')
  const body = policyOf({ Effect: 'Deny', Action: 's3:*BucketPolicy', Resource: 'arn:aws:s3:::bound' })
  const put = (value: string) =>
    send('PUT', '/bound?policy', { body, headers: { 'x-amz-confirm-remove-self-bucket-access': value } })
  expect((await put('false')).status).toBe(204)
  expect((await put('true')).status).toBe(204)
  for (const method of ['GET', 'DELETE', 'PUT']) expect((await send(method, '/bound?policy')).code).toBe('AccessDenied')
  expect((await send('DELETE', '/bound')).status).toBe(204)
})

test('PutBucketPolicy refuses a public policy where public policies are blocked', async () => {
  await send('PUT', '/blocked')
  const block =
    '<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>'
  await send('PUT', '/blocked?publicAccessBlock', { body: block })
  const body = policyOf({ Resource: 'arn:aws:s3:::blocked/*' })
  expect(await send('PUT', '/blocked?policy', { body })).toMatchObject({ status: 403, code: 'AccessDenied' })
  const fixed = policyOf({ Resource: 'arn:aws:s3:::blocked/*', Principal: { AWS: 'arn:aws:iam::globex:root' } })
  expect((await send('PUT', '/blocked?policy', { body: fixed })).status).toBe(204)
})
