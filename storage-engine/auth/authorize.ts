import { type Grantee, grantOnBucket, grantOnObject } from '#storage-engine/auth/acl-rights.ts'
import { cachedPolicy } from '#storage-engine/auth/cached-policy.ts'
import {
  evaluateIdentity,
  evaluatePolicies,
  evaluateSession,
  type PolicyQuestion,
  type Verdict,
} from '#storage-engine/auth/evaluate-policy.ts'
import type { ConditionContext } from '#storage-engine/auth/policy-condition.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import { ANONYMOUS_OWNER_ID, type Principal } from '#storage-engine/auth/principal.ts'
import { isPublicPolicy } from '#storage-engine/auth/public-access.ts'
import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import type { Acl } from '#storage-engine/object-settings.ts'

/** May `principal` do this? */
export interface AccessQuestion {
  principal: Principal
  /** An IAM action name: `s3:GetObject`. */
  action: string
  /** Null: the service itself. */
  bucket: AccessBucket | null
  /** Of a bucket that does not exist yet; null when `bucket` says it, and for the service itself. */
  bucketName: string | null
  /** Null: the bucket itself. */
  key: string | null
  /** Null when there is none; undefined when nobody has looked. */
  object: AccessObject | null | undefined
  context: ConditionContext
}

export interface AccessBucket {
  readonly name: string
  readonly namespaceId: string
  readonly namespaceName: string
  readonly ownerId: string
  readonly settings: Pick<BucketSettings, 'acl' | 'policy' | 'policyBindsOwner' | 'ownership' | 'publicAccessBlock'>
}

export interface AccessObject {
  ownerId: string
  settings: { acl?: Acl } | null
}

/** `deny`: nothing allows it. `explicit-deny`: something forbids it, whatever allows it. */
export type Decision = 'allow' | 'deny' | 'explicit-deny'

const SERVICE_ACTIONS: ReadonlySet<string> = new Set(['s3:ListAllMyBuckets', 's3:CreateBucket'])
/** What a new bucket may be made with, besides; of one that is there already they are asked like any other action. */
const CREATION_ACTIONS: ReadonlySet<string> = new Set([
  's3:PutBucketAcl',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketVersioning',
  's3:TagResource',
])
/** Whose object it is does not matter to these, which no ACL grants: the bucket's owner decides. */
const ACTIONS_OF_BUCKET_OWNER: ReadonlySet<string> = new Set([
  's3:AbortMultipartUpload',
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersion',
  's3:DeleteObjectVersionTagging',
  's3:GetObjectLegalHold',
  's3:GetObjectRetention',
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
  's3:ListBucket',
  's3:ListMultipartUploadParts',
  's3:PutObject',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
  's3:RestoreObject',
])
/** An owner who locked itself out may repair that, unless it confirmed that it would not. */
const REPAIRS: ReadonlySet<string> = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'])

/**
 * The one place where access is decided, as AWS does: an explicit Deny first; then what owners may; the principal's own
 * policies; the bucket's policy; ACLs. Each object user is an owner as an AWS account is, a namespace's root user one of all
 * its buckets; storage accounts and roles act for their namespace and need an Allow: within it from either side, for
 * buckets of others from both. https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
 */
export function decide(question: AccessQuestion): Decision {
  const { bucket } = question
  if (bucket === null) return decideOnService(question)
  if (SERVICE_ACTIONS.has(question.action)) return 'deny'
  return isPlainOwner(question, bucket) ? 'allow' : decideOnBucket(question, bucket)
}

/** Most requests: an owner, and no policy anywhere. */
function isPlainOwner(question: AccessQuestion, bucket: AccessBucket): boolean {
  const { principal } = question
  return (
    principal.kind === 'object-user' &&
    isOwnerOf(principal, bucket) &&
    bucket.settings.policy === undefined &&
    principal.identityPolicies.length === 0 &&
    principal.sessionPolicies === null &&
    !isForeign(question, bucket)
  )
}

function decideOnService(question: AccessQuestion): Decision {
  const { principal, action, bucketName } = question
  if (principal.kind === 'anonymous') return 'deny'
  if (!SERVICE_ACTIONS.has(action) && !CREATION_ACTIONS.has(action)) return 'deny'
  const resource = `arn:aws:s3:::${bucketName ?? '*'}`
  const asked = { ...question, resource, namespaceName: principal.namespaceName }
  const identity = evaluateIdentity(asked)
  if (identity === 'explicit-deny') return identity
  if (evaluateSession(asked) !== 'allow') return 'deny'
  return principal.kind === 'object-user' || identity === 'allow' ? 'allow' : 'deny'
}

function decideOnBucket(question: AccessQuestion, bucket: AccessBucket): Decision {
  const { principal, action, key, context } = question
  const resource = `arn:aws:s3:::${bucket.name}${key === null ? '' : `/${key}`}`
  const asked: PolicyQuestion = { principal, action, resource, namespaceName: bucket.namespaceName, context }
  const identity = evaluateIdentity(asked)
  const policy = evaluateBucketPolicy(bucket, asked)
  if (identity === 'explicit-deny') return identity
  if (policy === 'explicit-deny' && !mayRepair(question, bucket)) return policy
  if (isShutOut(principal, bucket)) return 'deny'
  if (policy !== 'allow-session' && evaluateSession(asked) !== 'allow') return 'deny'
  const isAllowed =
    mayAsOwner(question, bucket) ||
    mayByIdentity(question, bucket, identity) ||
    mayByBucketPolicy(question, bucket, { identity, policy }) ||
    mayByAcl(question, bucket, identity)
  return isAllowed ? 'allow' : 'deny'
}

/** What cannot be read any more forbids everything: never may that make access wider. */
function evaluateBucketPolicy({ settings }: AccessBucket, asked: PolicyQuestion): Verdict {
  if (settings.policy === undefined) return 'implicit-deny'
  try {
    return evaluatePolicies([cachedPolicy(settings.policy, 'bucket')], asked)
  } catch (error) {
    if (error instanceof PolicySyntaxError) return 'explicit-deny'
    throw error
  }
}

function mayRepair({ principal, action }: AccessQuestion, bucket: AccessBucket): boolean {
  return REPAIRS.has(action) && isOwnerOf(principal, bucket) && bucket.settings.policyBindsOwner !== true
}

/** RestrictPublicBuckets: a bucket with a public policy is for its own namespace only. */
function isShutOut(principal: Principal, bucket: AccessBucket): boolean {
  const { policy, publicAccessBlock } = bucket.settings
  if (publicAccessBlock?.restrictPublicBuckets !== true || policy === undefined) return false
  return !isOfNamespace(principal, bucket) && isPublicPolicy(cachedPolicy(policy, 'bucket'))
}

function mayAsOwner(question: AccessQuestion, bucket: AccessBucket): boolean {
  const { principal, object } = question
  if (isForeign(question, bucket)) return principal.kind === 'object-user' && principal.id === object?.ownerId
  return isOwnerOf(principal, bucket)
}

function mayByIdentity(question: AccessQuestion, bucket: AccessBucket, identity: Verdict): boolean {
  const { principal, object } = question
  if (identity !== 'allow' || principal.kind === 'anonymous') return false
  if (!isForeign(question, bucket)) return isOfNamespace(principal, bucket)
  return principal.kind !== 'object-user' && object?.ownerId === principal.owner.id
}

/** A bucket's policy says nothing about objects that belong to somebody else. */
function mayByBucketPolicy(
  question: AccessQuestion,
  bucket: AccessBucket,
  { identity, policy }: { identity: Verdict; policy: Verdict },
): boolean {
  if (policy === 'implicit-deny' || isForeign(question, bucket)) return false
  if (identity === 'allow') return true
  if (policy === 'delegate') return false
  const { principal } = question
  return principal.kind === 'anonymous' || principal.kind === 'object-user' || isOfNamespace(principal, bucket)
}

function mayByAcl(question: AccessQuestion, bucket: AccessBucket, identity: Verdict): boolean {
  const { principal, action, object } = question
  const { acl, ownership, publicAccessBlock } = bucket.settings
  if (ownership === 'BucketOwnerEnforced') return false
  const grantee: Grantee = {
    ids: idsOf(principal, bucket),
    isAuthenticated: principal.kind !== 'anonymous',
    ignoresGroups: publicAccessBlock?.ignorePublicAcls === true,
  }
  const grant = grantOnBucket(acl, action, grantee) ?? grantOnObject(object?.settings?.acl, action, grantee)
  if (grant === null) return false
  if (principal.kind === 'anonymous' || principal.kind === 'object-user' || identity === 'allow') return true
  // What the account was granted its own policies hand on; what everybody was granted, its own buckets grant it too.
  return grant === 'group' && isOfNamespace(principal, bucket)
}

/** Those to whom a grant reaches this principal. Within its namespace it also stands for the bucket's owner. */
function idsOf(principal: Principal, bucket: AccessBucket): string[] {
  if (principal.kind === 'anonymous') return []
  const ids = principal.kind === 'object-user' ? [principal.id] : [principal.id, principal.owner.id]
  const standsForOwner = principal.kind !== 'object-user' || principal.isRoot
  return standsForOwner && isOfNamespace(principal, bucket) ? [...ids, bucket.ownerId] : ids
}

/** True for a bucket's owner and for its namespace's root user. */
export function isOwnerOf(principal: Principal, bucket: Pick<AccessBucket, 'namespaceId' | 'ownerId'>): boolean {
  if (principal.kind !== 'object-user' || principal.namespaceId !== bucket.namespaceId) return false
  return principal.isRoot || principal.id === bucket.ownerId
}

function isOfNamespace(principal: Principal, bucket: AccessBucket): boolean {
  return principal.kind !== 'anonymous' && principal.namespaceId === bucket.namespaceId
}

/**
 * Does the action depend on whose object it is, and is that not the bucket's owner? What anonymous writers left behind the
 * bucket's owner takes care of, as there is nobody else to.
 */
function isForeign({ action, object }: AccessQuestion, bucket: AccessBucket): boolean {
  if (object === null || object === undefined || object.ownerId === bucket.ownerId) return false
  if (object.ownerId === ANONYMOUS_OWNER_ID) return false
  return bucket.settings.ownership !== 'BucketOwnerEnforced' && !ACTIONS_OF_BUCKET_OWNER.has(action)
}
