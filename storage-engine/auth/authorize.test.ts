import { expect, test } from 'vitest'
import { type AccessObject, type AccessQuestion, type Decision, decide } from '#storage-engine/auth/authorize.ts'
import { ANONYMOUS, ANONYMOUS_OWNER_ID, type Principal } from '#storage-engine/auth/principal.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import { objectUser, roleSession, storageAccount } from '#storage-engine/testing/principals.ts'

const ann = objectUser('ann', 'acme')
const bob = objectUser('bob', 'acme')
const root = objectUser('root', 'acme')
const stranger = objectUser('ann2', 'globex')
const account = storageAccount('backup', 'acme')
const annsObject: AccessObject = { ownerId: 'ann', settings: null }
const foreignObject: AccessObject = { ownerId: 'ann2', settings: null }

/** Ann's bucket `photos` in acme. */
function ask(
  principal: Principal,
  action: string,
  change: Partial<AccessQuestion> & { settings?: BucketSettings } = {},
): Decision {
  const { settings = {}, ...rest } = change
  const bucket = { name: 'photos', namespaceId: 'acme', namespaceName: 'acme', ownerId: 'ann', settings }
  return decide({
    principal,
    action,
    bucket,
    bucketName: null,
    key: null,
    object: undefined,
    context: new Map(),
    ...rest,
  })
}

const onKey = { key: 'cat.jpg', object: annsObject }
const policyOf = (...statements: object[]): BucketSettings => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
})
const statement = (effect: string, action: string | string[], change: object = {}) => ({
  Effect: effect,
  Principal: '*',
  Action: action,
  Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'],
  ...change,
})
const identity = (effect: string, action: string, resource = '*') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: action, Resource: resource }] })

test('lets an object user do everything to its own bucket, and the root user to every bucket of its namespace', () => {
  expect(ask(ann, 's3:GetObject', onKey)).toBe('allow')
  expect(ask(root, 's3:DeleteBucket')).toBe('allow')
  expect(ask(root, 's3:GetObject', onKey)).toBe('allow')
})

test('lets nobody else touch a bucket: other owners, other namespaces and their roots, storage accounts, anonymous', () => {
  for (const who of [bob, stranger, objectUser('root', 'globex'), account, roleSession('r', 'acme'), ANONYMOUS]) {
    expect(ask(who, 's3:GetObject', onKey)).toBe('deny')
    expect(ask(who, 's3:PutObject', { key: 'new' })).toBe('deny')
    expect(ask(who, 's3:ListBucket')).toBe('deny')
  }
})

test('lets object users list and create buckets, storage accounts when their policies do, and anonymous never', () => {
  const onService = (principal: Principal, action: string) => ask(principal, action, { bucket: null })
  expect(onService(ann, 's3:ListAllMyBuckets')).toBe('allow')
  expect(onService(ann, 's3:CreateBucket')).toBe('allow')
  expect(onService(ann, 's3:GetObject')).toBe('deny')
  expect(onService(ANONYMOUS, 's3:ListAllMyBuckets')).toBe('deny')
  expect(onService(account, 's3:CreateBucket')).toBe('deny')
  const maker = storageAccount('maker', 'acme', {
    identityPolicies: [identity('Allow', 's3:CreateBucket', 'arn:aws:s3:::tmp-*')],
  })
  expect(ask(maker, 's3:CreateBucket', { bucket: null, bucketName: 'tmp-1' })).toBe('allow')
  expect(ask(maker, 's3:CreateBucket', { bucket: null, bucketName: 'other' })).toBe('deny')
  expect(onService(ann, 's3:PutBucketVersioning')).toBe('allow')
  expect(ask(maker, 's3:PutBucketVersioning', { bucket: null, bucketName: 'tmp-1' })).toBe('deny')
  expect(onService({ ...ann, identityPolicies: [identity('Deny', 's3:*')] }, 's3:CreateBucket')).toBe('explicit-deny')
})

test('lets an explicit Deny of the bucket policy outweigh ownership, but for repairing the policy', () => {
  const settings = policyOf(statement('Deny', 's3:*'))
  expect(ask(ann, 's3:GetObject', { ...onKey, settings })).toBe('explicit-deny')
  expect(ask(root, 's3:ListBucket', { settings })).toBe('explicit-deny')
  for (const action of ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']) {
    expect(ask(ann, action, { settings })).toBe('allow')
    expect(ask(root, action, { settings })).toBe('allow')
    expect(ask({ ...account, identityPolicies: [identity('Allow', '*')] }, action, { settings })).toBe('explicit-deny')
  }
})

test('binds the owner by a policy that was put so, and leaves it the rest of its rights', () => {
  const settings: BucketSettings = { ...policyOf(statement('Deny', 's3:*BucketPolicy')), policyBindsOwner: true }
  expect(ask(ann, 's3:DeleteBucketPolicy', { settings })).toBe('explicit-deny')
  expect(ask(root, 's3:GetBucketPolicy', { settings })).toBe('explicit-deny')
  expect(ask(ann, 's3:DeleteBucket', { settings })).toBe('allow')
})

test('lets an unreadable bucket policy forbid everything but its repair', () => {
  const settings = { policy: '{"Statement": "?"}' }
  expect(ask(ann, 's3:ListBucket', { settings })).toBe('explicit-deny')
  expect(ask(ann, 's3:DeleteBucketPolicy', { settings })).toBe('allow')
})

test('needs one Allow within a namespace and two across, for storage accounts and roles', () => {
  const allowed = policyOf(statement('Allow', 's3:GetObject'))
  const rights = { identityPolicies: [identity('Allow', 's3:GetObject')] }
  const make = [storageAccount, roleSession] as const
  for (const of of make) {
    expect(ask(of('x', 'acme', rights), 's3:GetObject', onKey)).toBe('allow')
    expect(ask(of('x', 'acme'), 's3:GetObject', { ...onKey, settings: allowed })).toBe('allow')
    expect(ask(of('x', 'globex', rights), 's3:GetObject', onKey)).toBe('deny')
    expect(ask(of('x', 'globex'), 's3:GetObject', { ...onKey, settings: allowed })).toBe('deny')
    expect(ask(of('x', 'globex', rights), 's3:GetObject', { ...onKey, settings: allowed })).toBe('allow')
  }
})

test('takes a bucket policy as enough for owners of another namespace, and for anonymous', () => {
  const settings = policyOf(statement('Allow', 's3:GetObject'))
  for (const who of [stranger, bob, ANONYMOUS]) expect(ask(who, 's3:GetObject', { ...onKey, settings })).toBe('allow')
})

test('leaves it to an account that is allowed as a whole whom it lets in', () => {
  const settings = policyOf(statement('Allow', 's3:GetObject', { Principal: { AWS: 'arn:aws:iam::globex:root' } }))
  const asked = { ...onKey, settings }
  expect(ask(objectUser('root', 'globex'), 's3:GetObject', asked)).toBe('allow')
  expect(ask(storageAccount('x', 'globex'), 's3:GetObject', asked)).toBe('deny')
  const rights = { identityPolicies: [identity('Allow', 's3:GetObject')] }
  expect(ask(storageAccount('x', 'globex', rights), 's3:GetObject', asked)).toBe('allow')
  expect(ask(root, 's3:GetObject', asked)).toBe('allow')
  expect(ask(bob, 's3:GetObject', asked)).toBe('deny')
})

test('names users, roles and sessions by ARN, with or without an account', () => {
  const may = (principal: Principal, ...AWS: string[]) =>
    ask(principal, 's3:GetObject', {
      ...onKey,
      settings: policyOf(statement('Allow', 's3:GetObject', { Principal: { AWS } })),
    })
  expect(may(account, 'arn:aws:iam::acme:user/backup')).toBe('allow')
  expect(may(account, 'urn:sceau:iam::acme:user/backup')).toBe('allow')
  expect(may(account, 'arn:aws:iam:::user/backup')).toBe('allow')
  expect(may(account, 'arn:aws:iam::globex:user/backup')).toBe('deny')
  expect(may({ ...account, path: '/eu/' }, 'arn:aws:iam::acme:user/backup')).toBe('deny')
  expect(may({ ...account, path: '/eu/' }, 'arn:aws:iam::acme:user/eu/backup')).toBe('allow')
  expect(may(bob, 'arn:aws:iam:::user/bob')).toBe('allow')
  const role = roleSession('reader', 'acme')
  expect(may(role, 'arn:aws:iam::acme:role/reader')).toBe('allow')
  expect(may(role, 'arn:aws:sts::acme:assumed-role/reader/session')).toBe('allow')
  expect(may(role, 'arn:aws:sts::acme:assumed-role/reader/other')).toBe('deny')
  // An empty account is the bucket's: the same name elsewhere is somebody else.
  expect(
    may(
      storageAccount('backup', 'globex', { identityPolicies: [identity('Allow', '*')] }),
      'arn:aws:iam:::user/backup',
    ),
  ).toBe('deny')
})

test('limits temporary credentials by their session policies, unless the bucket policy names the session', () => {
  const limited = {
    identityPolicies: [identity('Allow', 's3:*')],
    sessionPolicies: [identity('Allow', 's3:ListBucket')],
  }
  const role = roleSession('reader', 'acme', limited)
  expect(ask(role, 's3:ListBucket')).toBe('allow')
  expect(ask(role, 's3:GetObject', onKey)).toBe('deny')
  const named = (arn: string) => policyOf(statement('Allow', 's3:GetObject', { Principal: { AWS: arn } }))
  expect(ask(role, 's3:GetObject', { ...onKey, settings: named('arn:aws:iam::acme:role/reader') })).toBe('deny')
  const session = named('arn:aws:sts::acme:assumed-role/reader/session')
  expect(ask(role, 's3:GetObject', { ...onKey, settings: session })).toBe('allow')
  expect(ask({ ...ann, sessionPolicies: [identity('Allow', 's3:ListBucket')] }, 's3:GetObject', onKey)).toBe('deny')
})

test('leaves an object to its writer, and to the bucket owner only what is of the bucket', () => {
  const asked = { key: 'cat.jpg', object: foreignObject }
  expect(ask(ann, 's3:GetObject', asked)).toBe('deny')
  expect(ask(root, 's3:PutObjectAcl', asked)).toBe('deny')
  expect(ask(ann, 's3:DeleteObject', asked)).toBe('allow')
  expect(ask(stranger, 's3:GetObject', asked)).toBe('allow')
  expect(ask(stranger, 's3:DeleteObject', asked)).toBe('deny')
  const rights = { identityPolicies: [identity('Allow', 's3:*')] }
  expect(ask(storageAccount('x', 'acme', rights), 's3:GetObject', asked)).toBe('deny')
  expect(ask(bob, 's3:GetObject', { ...asked, settings: policyOf(statement('Allow', 's3:*')) })).toBe('deny')
})

test('leaves to the bucket owner what anonymous writers left there, and nothing of it to anonymous', () => {
  const asked = { key: 'cat.jpg', object: { ownerId: ANONYMOUS_OWNER_ID, settings: null } }
  expect(ask(ann, 's3:GetObject', asked)).toBe('allow')
  expect(ask(ANONYMOUS, 's3:GetObject', asked)).toBe('deny')
  expect(ask(stranger, 's3:GetObject', asked)).toBe('deny')
})

test('gives everything to the bucket owner when ownership is enforced, and ignores ACLs', () => {
  const acl = [{ grantee: { kind: 'group', group: 'AllUsers' }, permission: 'FULL_CONTROL' }] as const
  const settings: BucketSettings = { ownership: 'BucketOwnerEnforced', acl }
  const asked = { key: 'cat.jpg', object: { ownerId: 'ann2', settings: { acl } }, settings }
  expect(ask(ann, 's3:GetObject', asked)).toBe('allow')
  expect(ask(stranger, 's3:GetObject', asked)).toBe('deny')
  expect(ask(ANONYMOUS, 's3:ListBucket', { settings })).toBe('deny')
})

test('grants by ACL what each permission stands for, on bucket and object apart', () => {
  const to = (id: string, permission: 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP') => ({
    acl: [{ grantee: { kind: 'user' as const, id }, permission }],
  })
  expect(ask(bob, 's3:ListBucket', { settings: to('bob', 'READ') })).toBe('allow')
  expect(ask(bob, 's3:GetObject', { ...onKey, settings: to('bob', 'READ') })).toBe('deny')
  expect(ask(bob, 's3:PutObject', { key: 'k', settings: to('bob', 'WRITE') })).toBe('allow')
  expect(ask(bob, 's3:GetBucketAcl', { settings: to('bob', 'READ_ACP') })).toBe('allow')
  expect(ask(bob, 's3:PutBucketAcl', { settings: to('bob', 'READ_ACP') })).toBe('deny')
  expect(ask(bob, 's3:PutBucketPolicy', { settings: to('bob', 'WRITE_ACP') })).toBe('deny')
  const object = { ownerId: 'ann', settings: to('bob', 'READ') }
  expect(ask(bob, 's3:GetObjectVersion', { key: 'k', object })).toBe('allow')
  expect(ask(bob, 's3:GetObjectAcl', { key: 'k', object })).toBe('deny')
})

test('grants to groups: everybody, everybody who signs, and nobody once public ACLs are ignored', () => {
  const acl = (group: 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery'): BucketSettings => ({
    acl: [{ grantee: { kind: 'group', group }, permission: 'READ' }],
  })
  expect(ask(ANONYMOUS, 's3:ListBucket', { settings: acl('AllUsers') })).toBe('allow')
  expect(ask(stranger, 's3:ListBucket', { settings: acl('AuthenticatedUsers') })).toBe('allow')
  expect(ask(ANONYMOUS, 's3:ListBucket', { settings: acl('AuthenticatedUsers') })).toBe('deny')
  expect(ask(stranger, 's3:ListBucket', { settings: acl('LogDelivery') })).toBe('deny')
  expect(ask(account, 's3:ListBucket', { settings: acl('AllUsers') })).toBe('allow')
  expect(ask(storageAccount('x', 'globex'), 's3:ListBucket', { settings: acl('AllUsers') })).toBe('deny')
  const publicAccessBlock = {
    blockPublicAcls: false,
    ignorePublicAcls: true,
    blockPublicPolicy: false,
    restrictPublicBuckets: false,
  }
  expect(ask(stranger, 's3:ListBucket', { settings: { ...acl('AllUsers'), publicAccessBlock } })).toBe('deny')
})

test('restricts a bucket with a public policy to its namespace, whatever else is granted', () => {
  const publicAccessBlock = {
    blockPublicAcls: false,
    ignorePublicAcls: false,
    blockPublicPolicy: false,
    restrictPublicBuckets: true,
  }
  const settings = { ...policyOf(statement('Allow', 's3:GetObject')), publicAccessBlock }
  expect(ask(ANONYMOUS, 's3:GetObject', { ...onKey, settings })).toBe('deny')
  expect(ask(stranger, 's3:GetObject', { ...onKey, settings })).toBe('deny')
  expect(ask(bob, 's3:GetObject', { ...onKey, settings })).toBe('allow')
  expect(ask(ann, 's3:GetObject', { ...onKey, settings })).toBe('allow')
  const fixed = {
    ...policyOf(statement('Allow', 's3:GetObject', { Principal: { AWS: 'arn:aws:iam::globex:root' } })),
    publicAccessBlock,
  }
  expect(ask(objectUser('root', 'globex'), 's3:GetObject', { ...onKey, settings: fixed })).toBe('allow')
})

test('lets policies of an object user narrow its own buckets and widen those of its namespace, no others', () => {
  const denied = { ...ann, identityPolicies: [identity('Deny', 's3:DeleteObject')] }
  expect(ask(denied, 's3:DeleteObject', onKey)).toBe('explicit-deny')
  expect(ask(denied, 's3:GetObject', onKey)).toBe('allow')
  const rights = { identityPolicies: [identity('Allow', 's3:GetObject')] }
  expect(ask({ ...bob, ...rights }, 's3:GetObject', onKey)).toBe('allow')
  expect(ask({ ...stranger, ...rights }, 's3:GetObject', onKey)).toBe('deny')
})
