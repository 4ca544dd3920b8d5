import { type Decision, decide } from '#storage-engine/auth/authorize.ts'
import { writerIdIn } from '#storage-engine/auth/object-ownership.ts'
import { ownerIdOf, type Principal } from '#storage-engine/auth/principal.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { AccessTarget, AskedRequest, Facts, Unread } from '#storage-engine/s3/asked-request.ts'
import { S3ConditionContext } from '#storage-engine/s3/condition-context.ts'

/** What the caller of one request may do. Without a target the request's own is meant. */
export class RequestAccess {
  private readonly asked: AskedRequest
  /** Null: the service itself. */
  private readonly target: AccessTarget | null

  constructor(asked: AskedRequest, target: AccessTarget | null) {
    this.asked = asked
    this.target = target
  }

  /** Who asks. */
  get principal(): Principal {
    return this.asked.principal
  }

  /** The object user to whom belongs what the caller makes here. */
  get writerId(): string {
    const { principal } = this.asked
    return this.target === null ? ownerIdOf(principal) : writerIdIn(principal, this.target.bucket)
  }

  /** `action` is an IAM action name. Throws AccessDenied, always the same. */
  check(action: string, target: AccessTarget | null = this.target, facts: Facts | null = null): void {
    if (this.decide(action, target, facts) !== 'allow') throw new StorageError('AccessDenied')
  }

  allows(action: string, target: AccessTarget | null = this.target, facts: Facts | null = null): boolean {
    return this.decide(action, target, facts) === 'allow'
  }

  /** Could some key be done it to? Without policies all keys of a bucket are alike. Throws AccessDenied. */
  checkForAnyKey(action: string): void {
    const { principal } = this.asked
    const hasPolicies = principal.kind !== 'anonymous' && principal.identityPolicies.length > 0
    if (!hasPolicies && this.target?.bucket.settings.policy === undefined) this.check(action)
  }

  /** For what comes with an action that is allowed already, such as the ACL of a new object: only a Deny forbids it. */
  checkNotDenied(action: string, target: AccessTarget | null = this.target, facts: Facts | null = null): void {
    if (this.decide(action, target, facts) === 'explicit-deny') throw new StorageError('AccessDenied')
  }

  decide(action: string, target: AccessTarget | null = this.target, facts: Facts | Unread | null = null): Decision {
    const { asked } = this
    const isOwnTarget = target?.bucket.id === this.target?.bucket.id && target?.key === this.target?.key
    return decide({
      principal: asked.principal,
      action,
      bucket: target?.bucket ?? null,
      bucketName: asked.bucketName,
      key: target?.key ?? null,
      object: target?.object,
      context: new S3ConditionContext({ asked, action, target, isOwnTarget, facts }),
    })
  }

  /** Is the action allowed by an ACL, and by nothing else? */
  dependsOnAcl(action: string): boolean {
    const { target } = this
    if (target === null) return false
    const { acl, ...settings } = target.bucket.settings
    const { acl: objectAcl, ...objectSettings } = target.object?.settings ?? {}
    if ((acl === undefined && objectAcl === undefined) || !this.allows(action)) return false
    const object = target.object ? { ...target.object, settings: objectSettings } : target.object
    const withoutAcls = { ...target, bucket: { ...target.bucket, settings } }
    return !this.allows(action, object === undefined ? withoutAcls : { ...withoutAcls, object })
  }

  /**
   * The 404-or-403 rule: only who may list a bucket learns that a key is not there. The key counts as the prefix that would
   * be listed. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  mayKnowThatKeyIsMissing(bucket: Bucket, key: string): boolean {
    return this.allows('s3:ListBucket', { bucket, key: null }, new Map([['s3:prefix', [key]]]))
  }

  /**
   * Like `check`, for what is read of an object that was looked up: whether one that is missing may be read, its own ACL
   * can no longer say, so that is left to the 404-or-403 rule. Throws AccessDenied.
   */
  checkRead(action: string, target: AccessTarget, facts: Unread | null = null): void {
    const decision = this.decide(action, target, facts)
    if (decision === 'allow' && target.object !== null) return
    const isMissing = target.object === null && decision !== 'explicit-deny'
    if (isMissing && this.mayKnowThatKeyIsMissing(target.bucket, target.key as string)) return
    throw new StorageError('AccessDenied')
  }
}
