import { expect, test } from 'vitest'
import { isAllowed } from '#storage-engine/auth/authorize.ts'
import { ANONYMOUS, type Principal } from '#storage-engine/auth/principal.ts'

const identity = { accountId: '', iamEpoch: 0, identityPolicies: [], sessionPolicies: null, isTemporary: false }
const user = (id: string, namespaceId: string, isRoot = false): Principal => ({
  kind: 'object-user',
  id,
  namespaceId,
  namespaceName: namespaceId,
  ...identity,
  isRoot,
  canonicalId: id,
  displayName: id,
})
const account: Principal = {
  kind: 'storage-account',
  id: 'ann',
  namespaceId: 'acme',
  namespaceName: 'acme',
  name: 'a',
  path: '/',
  owner: { id: 'root', canonicalId: 'root', displayName: 'root' },
  ...identity,
  uniqueId: 'AIDA',
  tags: new Map(),
}
const bucket = { namespaceId: 'acme', ownerId: 'ann' }
const may = (principal: Principal, action = 's3:GetObject') => isAllowed({ principal, action, bucket })

test('lets an object user do everything to its own bucket, and the root user to every bucket of its namespace', () => {
  expect(may(user('ann', 'acme'))).toBe(true)
  expect(may(user('root', 'acme', true), 's3:DeleteBucket')).toBe(true)
})

test('lets nobody else touch a bucket: other owners, other namespaces and their roots, storage accounts, anonymous', () => {
  expect(may(user('bob', 'acme'))).toBe(false)
  expect(may(user('ann', 'globex'))).toBe(false)
  expect(may(user('root', 'globex', true))).toBe(false)
  expect(may(account)).toBe(false)
  expect(may(ANONYMOUS)).toBe(false)
})

test('lets object users list and create buckets, and no more on the service', () => {
  const onService = (principal: Principal, action: string) => isAllowed({ principal, action, bucket: null })
  const ann = user('ann', 'acme')
  expect(onService(ann, 's3:ListAllMyBuckets')).toBe(true)
  expect(onService(ann, 's3:CreateBucket')).toBe(true)
  expect(onService(ann, 's3:GetObject')).toBe(false)
  expect(onService(ANONYMOUS, 's3:ListAllMyBuckets')).toBe(false)
})
