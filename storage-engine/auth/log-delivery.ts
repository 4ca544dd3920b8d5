import type { AccessBucket } from '#storage-engine/auth/authorize.ts'
import { cachedPolicy } from '#storage-engine/auth/cached-policy.ts'
import { evaluatePolicies } from '#storage-engine/auth/evaluate-policy.ts'
import type { Statement } from '#storage-engine/auth/policy.ts'
import type { ServicePrincipal } from '#storage-engine/auth/policy-principal.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import type { Acl, Permission } from '#storage-engine/object-settings.ts'

const LOG_DELIVERY: ServicePrincipal = { kind: 'service', name: 'logging.s3.amazonaws.com' }

/** The bucket whose requests are logged. */
export interface LogSource {
  bucketName: string
  /** An object user. */
  ownerId: string
  /** Whatever names the owner as an account: account id, namespace, canonical id. */
  accounts: readonly string[]
}

/**
 * May the logs of `source` be written into `target` as `key`? The target's policy must name the service; or its ACL grants
 * the log delivery group WRITE and READ_ACP, which cannot tell sources apart and so counts for its owner's own buckets only.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
 */
export function mayDeliverLogs({
  source,
  target,
  key,
}: {
  source: LogSource
  target: AccessBucket
  key: string
}): boolean {
  const { policy, acl, ownership } = target.settings
  const verdict = policy === undefined ? 'implicit-deny' : evaluate(policy, { source, target, key })
  if (verdict !== 'implicit-deny') return verdict === 'allow'
  if (ownership === 'BucketOwnerEnforced' || source.ownerId !== target.ownerId) return false
  return hasGrant(acl, 'WRITE') && hasGrant(acl, 'READ_ACP')
}

function evaluate(policy: string, input: { source: LogSource; target: AccessBucket; key: string }) {
  const { source, target, key } = input
  try {
    const { statements } = cachedPolicy(policy, 'bucket')
    return evaluatePolicies([{ statements: statements.filter(concernsService) }], {
      principal: LOG_DELIVERY,
      action: 's3:PutObject',
      resource: `arn:aws:s3:::${target.name}/${key}`,
      namespaceName: target.namespaceName,
      context: new Map([
        ['aws:sourcearn', [`arn:aws:s3:::${source.bucketName}`]],
        ['aws:sourceaccount', source.accounts],
        ['aws:securetransport', ['true']],
        ['aws:principalisawsservice', ['true']],
        ['aws:principalservicename', [LOG_DELIVERY.name]],
        ['aws:resourceaccount', [target.namespaceName]],
        ['s3:resourceaccount', [target.namespaceName]],
      ]),
    })
  } catch (error) {
    // What cannot be read any more forbids everything.
    if (error instanceof PolicySyntaxError) return 'explicit-deny'
    throw error
  }
}

/** A Deny for everybody is one for services too; what is allowed to everybody is meant for those who ask themselves. */
function concernsService({ effect, principals }: Statement): boolean {
  if (effect === 'Deny' || principals === null) return true
  return principals.items.some(({ kind }) => kind === 'service')
}

function hasGrant(acl: Acl | undefined, wanted: Permission): boolean {
  return (
    acl?.some(
      ({ grantee, permission }) =>
        grantee.kind === 'group' &&
        grantee.group === 'LogDelivery' &&
        (permission === wanted || permission === 'FULL_CONTROL'),
    ) ?? false
  )
}
