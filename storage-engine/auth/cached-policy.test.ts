import { expect, test } from 'vitest'
import { CHARACTERS_MAX, cachedPolicy } from '#storage-engine/auth/cached-policy.ts'

const policy = (id: number) =>
  JSON.stringify({ Id: `${id} ${'x'.repeat(20_000)}`, Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } })

test('reads a text once, and apart for each kind of policy', () => {
  const text = JSON.stringify({
    Statement: { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::*' },
  })
  expect(cachedPolicy(text, 'bucket')).toBe(cachedPolicy(text, 'bucket'))
  expect(cachedPolicy(text, 'bucket')).not.toBe(cachedPolicy(text, 'identity'))
})

test('forgets long policies long before there are many of them', () => {
  const first = cachedPolicy(policy(0), 'identity')
  const used = cachedPolicy(policy(1), 'identity')
  const count = Math.ceil(CHARACTERS_MAX / 20_000)
  for (let id = 2; id < count + 2; id++) {
    cachedPolicy(policy(id), 'identity')
    cachedPolicy(policy(1), 'identity')
  }
  expect(cachedPolicy(policy(1), 'identity')).toBe(used)
  expect(cachedPolicy(policy(0), 'identity')).not.toBe(first)
})
