import { expect, test } from 'vitest'
import { authorize, mayKnowThatKeyIsMissing, SERVICE } from '#storage-engine/auth/authorize.ts'
import { ANONYMOUS, type Principal } from '#storage-engine/auth/principal.ts'

const user = (id: string, namespaceId: string, isRoot = false): Principal => ({
  kind: 'object-user',
  id,
  namespaceId,
  isRoot,
  canonicalId: id,
  displayName: id,
})
const bucket = { namespaceId: 'acme', ownerId: 'ann' }
const resource = { kind: 'bucket', bucket } as const

function may(principal: Principal, action = 's3:GetObject'): boolean {
  try {
    return authorize(principal, action, resource) === principal
  } catch {
    return false
  }
}

test('lets an object user do everything to its own bucket, and the root user to every bucket of its namespace', () => {
  expect(may(user('ann', 'acme'))).toBe(true)
  expect(may(user('root', 'acme', true), 's3:DeleteBucket')).toBe(true)
})

test('lets nobody else touch a bucket: other owners, other namespaces and their roots, storage accounts, anonymous', () => {
  expect(may(user('bob', 'acme'))).toBe(false)
  expect(may(user('ann', 'globex'))).toBe(false)
  expect(may(user('root', 'globex', true))).toBe(false)
  expect(may({ kind: 'storage-account', id: 'ann', namespaceId: 'acme', name: 'a' })).toBe(false)
  expect(may(ANONYMOUS)).toBe(false)
})

test('lets object users list and create buckets, and no more on the service', () => {
  const ann = user('ann', 'acme')
  expect(authorize(ann, 's3:ListAllMyBuckets', SERVICE)).toBe(ann)
  expect(authorize(ann, 's3:CreateBucket', SERVICE)).toBe(ann)
  expect(() => authorize(ann, 's3:GetObject', SERVICE)).toThrow('Access Denied')
  expect(() => authorize(ANONYMOUS, 's3:ListAllMyBuckets', SERVICE)).toThrow('Access Denied')
})

test('tells only who may list a bucket that a key is missing', () => {
  expect(mayKnowThatKeyIsMissing(user('ann', 'acme'), bucket)).toBe(true)
  expect(mayKnowThatKeyIsMissing(user('bob', 'acme'), bucket)).toBe(false)
})
