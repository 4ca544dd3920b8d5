import { describe, expect, it } from 'vitest'
import { mayDeliverLogs } from '#storage-engine/auth/log-delivery.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import type { Permission } from '#storage-engine/object-settings.ts'

const SOURCE = { bucketName: 'source', ownerId: 'owner', accounts: ['111122223333', 'acme', 'ca0001'] }

const may = (settings: BucketSettings, { ownerId = 'owner', key = 'log/2026-11-22' } = {}) =>
  mayDeliverLogs({
    source: SOURCE,
    target: { name: 'logs', namespaceId: 'n', namespaceName: 'acme', ownerId, settings },
    key,
  })

const statement = (changes: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service: 'logging.s3.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::logs/log/*',
  Condition: {
    ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::source' },
    StringEquals: { 'aws:SourceAccount': '111122223333' },
  },
  ...changes,
})
const policy = (...statements: object[]): BucketSettings => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
})
const acl = (...permissions: Permission[]): BucketSettings => ({
  acl: permissions.map((permission) => ({ grantee: { kind: 'group', group: 'LogDelivery' }, permission })),
})

describe("a target's policy", () => {
  it('lets in the service for one source', () => {
    expect(may(policy(statement()))).toBe(true)
    expect(may(policy(statement()), { ownerId: 'somebody' })).toBe(true)
  })

  it.each([
    ['by namespace', { StringEquals: { 'aws:SourceAccount': 'acme' } }],
    ['by canonical id', { StringEquals: { 'aws:SourceAccount': 'ca0001' } }],
    ['without conditions', {}],
  ])('may name the source %s', (_name, Condition) => {
    expect(may(policy(statement({ Condition })))).toBe(true)
  })

  it.each([
    ['another service', { Principal: { Service: 'delivery.logs.amazonaws.com' } }],
    ['everybody', { Principal: '*' }],
    ['every account', { Principal: { AWS: '*' } }],
    ['another action', { Action: 's3:GetObject' }],
    ['another prefix', { Resource: 'arn:aws:s3:::logs/other/*' }],
    ['another source', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::other' } } }],
    ['another account', { Condition: { StringEquals: { 'aws:SourceAccount': '444455556666' } } }],
    ['who is not that account', { Condition: { StringNotEquals: { 'aws:SourceAccount': 'acme' } } }],
  ])('that lets in %s does not do', (_name, changes) => {
    expect(may(policy(statement(changes)))).toBe(false)
  })

  it('that denies outweighs what allows', () => {
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::logs/*' }
    expect(may({ ...policy(statement(), deny), ...acl('FULL_CONTROL') })).toBe(false)
    const others = { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
    expect(may(policy(statement(), others))).toBe(true)
  })

  it('that cannot be read lets nobody in', () => {
    expect(may({ policy: '{', ...acl('FULL_CONTROL') })).toBe(false)
  })
})

describe("a target's ACL", () => {
  it('lets in the log delivery group with WRITE and READ_ACP', () => {
    expect(may(acl('WRITE', 'READ_ACP'))).toBe(true)
    expect(may(acl('FULL_CONTROL'))).toBe(true)
    expect(may(acl('WRITE'))).toBe(false)
    expect(may(acl('READ_ACP'))).toBe(false)
    expect(may({})).toBe(false)
  })

  it('counts neither when ACLs are off nor for the buckets of others', () => {
    expect(may({ ...acl('FULL_CONTROL'), ownership: 'BucketOwnerEnforced' })).toBe(false)
    expect(may(acl('FULL_CONTROL'), { ownerId: 'somebody' })).toBe(false)
  })

  it('of another group does not do', () => {
    const grant = { grantee: { kind: 'group', group: 'AllUsers' }, permission: 'FULL_CONTROL' } as const
    expect(may({ acl: [grant] })).toBe(false)
  })
})
