import type { BlockList } from 'node:net'
import type { Policy, Statement } from '#storage-engine/auth/policy.ts'
import type { Condition } from '#storage-engine/auth/policy-condition.ts'
import { hasVariables, hasWildcards, type Pattern } from '#storage-engine/auth/policy-pattern.ts'
import type { Acl } from '#storage-engine/object-settings.ts'

/** A fixed value of one of these ties an Allow for everybody to somebody. */
const TYING_KEYS: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
])
/** Wider ranges are most of the Internet. */
const IPV4_BITS_MIN = 8
const IPV6_BITS_MIN = 32

/**
 * Does the policy let in whoever comes? It does, when it allows anything to everybody without tying it to fixed principals,
 * accounts or addresses. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(isPublicStatement)
}

/** Does the ACL grant anything to everybody, or to everybody who signs? */
export function isPublicAcl(acl: Acl | undefined): boolean {
  return (
    acl?.some(
      ({ grantee }) =>
        grantee.kind === 'group' && (grantee.group === 'AllUsers' || grantee.group === 'AuthenticatedUsers'),
    ) ?? false
  )
}

function isPublicStatement({ effect, principals, conditions }: Statement): boolean {
  if (effect === 'Deny' || principals === null) return false
  const isForAnyone = principals.isNegated || principals.items.some(({ kind }) => kind === 'anyone')
  return isForAnyone && !conditions.some(isTying)
}

function isTying({ key, quantifier, ifExists, isNegated, test }: Condition): boolean {
  if (isNegated || ifExists || quantifier === 'all') return false
  if (key === 'aws:sourceip') return test.kind === 'address' && isNarrow(test.ranges)
  if (!TYING_KEYS.has(key)) return false
  if (test.kind === 'text') return test.patterns.every(isFixed)
  // The account of an ARN is what ties it; a role or a bucket behind it may be a pattern.
  return (
    test.kind === 'arn' && test.patterns.every((parts) => isFixed(parts[4] as Pattern) && isFixed(parts[2] as Pattern))
  )
}

function isFixed(pattern: Pattern): boolean {
  return !hasWildcards(pattern) && !hasVariables(pattern)
}

/** Rules read `Subnet: IPv4 10.0.0.0/8` and `Address: IPv4 10.0.0.1`. */
function isNarrow(ranges: BlockList): boolean {
  return ranges.rules.every((rule) => {
    const [, family, bits] = /^Subnet: (IPv[46]) .*\/(\d+)$/.exec(rule) ?? []
    return bits === undefined || Number(bits) >= (family === 'IPv4' ? IPV4_BITS_MIN : IPV6_BITS_MIN)
  })
}
