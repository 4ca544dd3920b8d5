// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how policies write variables
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccessQuestion, decide } from '#storage-engine/auth/authorize.ts'
import { ANONYMOUS, ANONYMOUS_OWNER_ID, type Principal } from '#storage-engine/auth/principal.ts'
import { principalContext } from '#storage-engine/auth/principal-context.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import type { Acl } from '#storage-engine/object-settings.ts'
import { objectUser, roleSession, storageAccount } from '#storage-engine/testing/principals.ts'
import { referenceDecision } from '#storage-engine/testing/reference-authorizer.ts'
import type { ReferenceStatement } from '#storage-engine/testing/reference-policy.ts'

const ACTIONS = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:ListBucket',
  's3:GetBucketAcl',
  's3:PutBucketAcl',
  's3:GetObjectAcl',
  's3:PutObjectAcl',
  's3:GetBucketPolicy',
  's3:DeleteBucketPolicy',
]
const ACTION_PATTERNS = ['s3:*', '*', 's3:Get*', 's3:?etObject', 's3:*Acl', 's3:getobject', ...ACTIONS]
const RESOURCES = [
  'arn:aws:s3:::photos',
  'arn:aws:s3:::photos/*',
  'arn:aws:s3:::photos/a*',
  'arn:aws:s3:::photos/?/c',
  'arn:aws:s3:::pho*',
  'arn:aws:s3:::photos/${aws:username}/*',
  'arn:aws:s3:::photos/${aws:referer}',
  'arn:aws:s3:::photos/${*}',
]
const ARNS = [
  '*',
  'arn:aws:iam::acme:root',
  'arn:aws:iam::globex:root',
  'arn:aws:iam:::user/ann',
  'arn:aws:iam::acme:user/bob',
  'arn:aws:iam::globex:user/carol',
  'arn:aws:iam::acme:user/backup',
  'arn:aws:iam::globex:user/backup',
  'arn:aws:iam::acme:role/reader',
  'arn:aws:sts::acme:assumed-role/reader/session',
]
const KEYS = ['a', 'ab', 'b/c', 'backup/x', '*', 'a\nb']
const VALUES = ['a', 'A', 'ab', 'b*', '*', '?', '', '${aws:username}', '${aws:referer}', 'backup', '${*}']
const OPERATORS: Record<string, { keys: string[]; values: string[] }> = {
  ...Object.fromEntries(
    ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase'].flatMap((operator) =>
      ['', 'ForAnyValue:', 'ForAllValues:'].flatMap((quantifier) =>
        ['', 'IfExists'].map((suffix) => [
          `${quantifier}${operator}${suffix}`,
          { keys: ['aws:Referer', 'aws:UserName', 's3:RequestObjectTagKeys'], values: VALUES },
        ]),
      ),
    ),
  ),
  Null: { keys: ['aws:Referer', 's3:RequestObjectTagKeys'], values: ['true', 'false'] },
  NumericLessThan: { keys: ['s3:max-keys'], values: ['1', '10', '-3'] },
  NumericNotEquals: { keys: ['s3:max-keys'], values: ['1', '10'] },
  Bool: { keys: ['aws:SecureTransport'], values: ['true', 'false'] },
  IpAddress: { keys: ['aws:SourceIp'], values: ['10.0.0.0/8', '0.0.0.0/1', '192.0.2.7', '10.1.2.0/23'] },
  NotIpAddress: { keys: ['aws:SourceIp'], values: ['10.0.0.0/8', '192.0.2.7/32'] },
}

const some = <T>(items: readonly T[], maxLength = 3) => fc.array(fc.constantFrom(...items), { minLength: 1, maxLength })

const condition = fc.constantFrom(...Object.keys(OPERATORS)).chain((operator) => {
  const { keys, values } = OPERATORS[operator] as { keys: string[]; values: string[] }
  return fc.tuple(fc.constantFrom(...keys), some(values, 2)).map(([key, chosen]) => ({ [operator]: { [key]: chosen } }))
})

function statement(hasPrincipal: boolean): fc.Arbitrary<ReferenceStatement> {
  return fc
    .record({
      Effect: fc.constantFrom('Allow' as const, 'Allow' as const, 'Deny' as const),
      who: fc.oneof(
        fc.constant('*' as const),
        some(ARNS).map((AWS) => ({ AWS })),
      ),
      isNotPrincipal: fc.boolean(),
      actions: some(ACTION_PATTERNS),
      isNotAction: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      resources: some(RESOURCES),
      isNotResource: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      Condition: fc.option(
        fc.array(condition, { maxLength: 2 }).map((list) => Object.assign({}, ...list) as object),
        { nil: undefined },
      ),
    })
    .map(({ Effect, who, isNotPrincipal, actions, isNotAction, resources, isNotResource, Condition }) => ({
      Effect,
      ...(hasPrincipal
        ? isNotPrincipal && Effect === 'Deny' && who !== '*'
          ? { NotPrincipal: who }
          : { Principal: who }
        : {}),
      ...(isNotAction ? { NotAction: actions } : { Action: actions }),
      ...(isNotResource ? { NotResource: resources } : { Resource: resources }),
      ...(Condition === undefined ? {} : { Condition: Condition as Record<string, Record<string, string[]>> }),
    }))
}

const policy = (hasPrincipal: boolean) =>
  fc
    .tuple(
      fc.constantFrom('2012-10-17', '2012-10-17', '2008-10-17'),
      fc.array(statement(hasPrincipal), { minLength: 1, maxLength: 3 }),
    )
    .map(([Version, Statement]) => JSON.stringify({ Version, Statement }))

const acl: fc.Arbitrary<Acl> = fc.array(
  fc.record({
    grantee: fc.oneof(
      fc
        .constantFrom('ann', 'bob', 'carol', 'acme-root', 'globex-root', 'backup')
        .map((id) => ({ kind: 'user' as const, id })),
      fc
        .constantFrom('AllUsers' as const, 'AuthenticatedUsers' as const, 'LogDelivery' as const)
        .map((group) => ({ kind: 'group' as const, group })),
    ),
    permission: fc.constantFrom(
      'READ' as const,
      'WRITE' as const,
      'READ_ACP' as const,
      'WRITE_ACP' as const,
      'FULL_CONTROL' as const,
    ),
  }),
  { maxLength: 3 },
)

const settings: fc.Arbitrary<BucketSettings> = fc.record(
  {
    acl,
    policy: policy(true),
    policyBindsOwner: fc.constant(true as const),
    ownership: fc.constantFrom(
      'BucketOwnerEnforced' as const,
      'BucketOwnerPreferred' as const,
      'ObjectWriter' as const,
    ),
    publicAccessBlock: fc.record({
      blockPublicAcls: fc.boolean(),
      ignorePublicAcls: fc.boolean(),
      blockPublicPolicy: fc.boolean(),
      restrictPublicBuckets: fc.boolean(),
    }),
  },
  { requiredKeys: [] },
)

const principal: fc.Arbitrary<Principal> = fc
  .record({
    make: fc.constantFrom<(rights: object) => Principal>(
      () => ANONYMOUS,
      (rights) => objectUser('ann', 'acme', rights),
      (rights) => objectUser('bob', 'acme', rights),
      (rights) => objectUser('root', 'acme', rights),
      (rights) => objectUser('carol', 'globex', rights),
      (rights) => objectUser('root', 'globex', rights),
      (rights) => storageAccount('backup', 'acme', rights),
      (rights) => storageAccount('backup', 'globex', rights),
      (rights) => roleSession('reader', 'acme', rights),
    ),
    identityPolicies: fc.array(policy(false), { maxLength: 2 }),
    sessionPolicies: fc.option(fc.array(policy(false), { minLength: 1, maxLength: 1 }), { nil: null, freq: 4 }),
  })
  .map(({ make, ...rights }) => make(rights))

const context = fc.record(
  {
    'aws:referer': fc.constantFrom('a', 'ab', '*').map((value) => [value]),
    's3:requestobjecttagkeys': fc.array(fc.constantFrom('a', 'ab', 'b'), { maxLength: 3 }),
    's3:max-keys': fc.constantFrom('0', '1', '10').map((value) => [value]),
    'aws:sourceip': fc.constantFrom('10.1.2.3', '192.0.2.7', '203.0.113.1').map((value) => [value]),
    'aws:securetransport': fc.constant(['true']),
  },
  { requiredKeys: ['aws:securetransport'] },
)

const object = fc.option(
  fc.record({
    ownerId: fc.constantFrom('ann', 'bob', 'carol', 'acme-root', 'globex-root', ANONYMOUS_OWNER_ID),
    settings: fc.option(fc.record({ acl })),
  }),
  { nil: undefined },
)

const question = fc
  .record({
    principal,
    action: fc.constantFrom(...ACTIONS),
    settings,
    key: fc.option(fc.constantFrom(...KEYS)),
    object,
    context,
  })
  .map((input) => {
    const known = principalContext(input.principal)
    for (const [key, values] of Object.entries(input.context)) known.set(key, values as string[])
    return {
      principal: input.principal,
      action: input.action,
      bucket: { name: 'photos', namespaceId: 'acme', namespaceName: 'acme', ownerId: 'ann', settings: input.settings },
      bucketName: null,
      key: input.key,
      object: input.key === null ? undefined : input.object,
      context: known,
    } satisfies AccessQuestion
  })

test('C5: decides as a second evaluator does that was written from AWS’s text alone', () => {
  const seen = { allow: 0, deny: 0, 'explicit-deny': 0 }
  fc.assert(
    fc.property(question, (asked) => {
      const expected = referenceDecision(asked)
      seen[expected]++
      expect(decide(asked)).toBe(expected)
    }),
    { numRuns: 2_500 },
  )
  // A test of which every case ended alike would say nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
})
