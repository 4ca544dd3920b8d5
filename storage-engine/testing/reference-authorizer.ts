import type { AccessQuestion, Decision } from '#storage-engine/auth/authorize.ts'
import { ANONYMOUS_OWNER_ID, type Principal } from '#storage-engine/auth/principal.ts'
import type { Acl } from '#storage-engine/object-settings.ts'
import { applies, isPublicDocument, type ReferencePolicy } from '#storage-engine/testing/reference-policy.ts'

const OF_BUCKET_OWNER = ['s3:PutObject', 's3:DeleteObject', 's3:ListBucket']
const POLICY_ACTIONS = ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']
const ON_BUCKET: Record<string, string> = {
  's3:ListBucket': 'READ',
  's3:PutObject': 'WRITE',
  's3:DeleteObject': 'WRITE',
  's3:GetBucketAcl': 'READ_ACP',
  's3:PutBucketAcl': 'WRITE_ACP',
}
const ON_OBJECT: Record<string, string> = {
  's3:GetObject': 'READ',
  's3:GetObjectAcl': 'READ_ACP',
  's3:PutObjectAcl': 'WRITE_ACP',
}

/**
 * The decision by AWS's text, step by step and from the documents themselves, sharing no code with what it judges: first
 * every statement that applies is gathered, then each party (the principal's side, the bucket's, the object's) says its word.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
 */
export function referenceDecision(
  question: AccessQuestion & { bucket: NonNullable<AccessQuestion['bucket']> },
): Decision {
  const { principal, action, bucket, object } = question
  const { policy, acl, ownership, publicAccessBlock } = bucket.settings
  const isSameAccount = principal.kind !== 'anonymous' && principal.namespaceId === bucket.namespaceId
  const isBucketOwner =
    principal.kind === 'object-user' && isSameAccount && (principal.isRoot || principal.id === bucket.ownerId)

  const own = gather(principal.kind === 'anonymous' ? [] : principal.identityPolicies, question)
  const session =
    principal.kind === 'anonymous' || principal.sessionPolicies === null
      ? null
      : gather(principal.sessionPolicies, question)
  const resource = gather(policy === undefined ? [] : [policy], question)

  // 1. An explicit deny anywhere ends it; an owner may repair a policy.
  if (own.denies || session?.denies) return 'explicit-deny'
  const isRepair = isBucketOwner && POLICY_ACTIONS.includes(action) && bucket.settings.policyBindsOwner !== true
  if (resource.denies && !isRepair) return 'explicit-deny'

  // 2. A bucket that is public by policy and restricted is for its own account.
  const isRestricted =
    publicAccessBlock?.restrictPublicBuckets === true && policy !== undefined && isPublicDocument(policy)
  if (isRestricted && !isSameAccount) return 'deny'

  // 3. Session policies limit everything, unless the bucket names the session.
  if (session !== null && !session.reaches.has('identity') && !resource.reaches.has('session')) return 'deny'

  const isEnforced = ownership === 'BucketOwnerEnforced'
  const objectOwner =
    object && !OF_BUCKET_OWNER.includes(action) && !isEnforced && object.ownerId !== ANONYMOUS_OWNER_ID
      ? object.ownerId
      : bucket.ownerId
  const isOfBucketOwner = objectOwner === bucket.ownerId
  const principalAllows = own.reaches.has('identity')

  // 4. Owners.
  if (isOfBucketOwner && isBucketOwner) return 'allow'
  if (!isOfBucketOwner && principal.kind === 'object-user' && principal.id === objectOwner) return 'allow'

  // 5. The principal's own policies, for what belongs to its account.
  if (principalAllows && isOfBucketOwner && isSameAccount) return 'allow'
  const account = principal.kind === 'storage-account' || principal.kind === 'role-session' ? principal.owner.id : null
  if (principalAllows && !isOfBucketOwner && account === objectOwner) return 'allow'

  // 6. The bucket's policy, for what belongs to the bucket's owner.
  const isOwnAuthority = account === null || isSameAccount || principalAllows
  const named = resource.reaches.has('identity') || resource.reaches.has('session')
  if (isOfBucketOwner && named && isOwnAuthority) return 'allow'
  if (isOfBucketOwner && resource.reaches.has('account') && principalAllows) return 'allow'

  // 7. ACLs.
  if (isEnforced) return 'deny'
  const counted = (list: Acl | undefined) =>
    (list ?? []).filter(({ grantee }) => grantee.kind === 'user' || publicAccessBlock?.ignorePublicAcls !== true)
  const grants = [
    ...counted(acl).filter(({ permission }) => covers(permission, ON_BUCKET[action])),
    ...counted(object?.settings?.acl).filter(({ permission }) => covers(permission, ON_OBJECT[action])),
  ]
  return grants.some((grant) =>
    reaches(grant, { principal, principalAllows, isSameAccount, bucketOwner: bucket.ownerId }),
  )
    ? 'allow'
    : 'deny'
}

function covers(permission: string, wanted: string | undefined): boolean {
  return wanted !== undefined && (permission === wanted || permission === 'FULL_CONTROL')
}

function reaches(
  { grantee }: Acl[number],
  input: { principal: Principal; principalAllows: boolean; isSameAccount: boolean; bucketOwner: string },
): boolean {
  const { principal, principalAllows, isSameAccount, bucketOwner } = input
  const acts = principal.kind === 'storage-account' || principal.kind === 'role-session'
  if (grantee.kind === 'group') {
    const isMember =
      grantee.group === 'AllUsers' || (grantee.group === 'AuthenticatedUsers' && principal.kind !== 'anonymous')
    return isMember && (!acts || isSameAccount || principalAllows)
  }
  if (principal.kind === 'anonymous') return false
  const isForOwner = isSameAccount && grantee.id === bucketOwner
  if (principal.kind === 'object-user') return grantee.id === principal.id || (principal.isRoot && isForOwner)
  return principalAllows && (grantee.id === principal.id || grantee.id === principal.owner.id || isForOwner)
}

interface Gathered {
  denies: boolean
  /** Of the Allows that apply, how closely they name the principal. */
  reaches: Set<'account' | 'identity' | 'session'>
}

function gather(documents: readonly string[], question: AccessQuestion): Gathered {
  const gathered: Gathered = { denies: false, reaches: new Set() }
  for (const document of documents) {
    const { Statement, Version } = JSON.parse(document) as ReferencePolicy
    for (const statement of Statement) {
      const reach = applies(statement, question, Version === '2012-10-17')
      if (reach === null) continue
      if (statement.Effect === 'Deny') gathered.denies = true
      else gathered.reaches.add(reach)
    }
  }
  return gathered
}
