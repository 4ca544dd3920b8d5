import { isAllowed } from '#storage-engine/auth/authorize.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'

/** What an action is done to. */
export interface AccessTarget {
  bucket: Bucket
  /** Null: the bucket itself. */
  key: string | null
  /** Null when it is known that there is none; absent when nobody has looked, because the action does not depend on it. */
  object?: ObjectVersion | null
}

/** What an answer may depend on, besides who asks and for what. */
export interface AskedRequest {
  principal: Principal
  headers: Headers
  query: Query
}

/** What the caller of one request may do. Without a target the request's own is meant. */
export class RequestAccess {
  private readonly asked: AskedRequest
  /** Null: the service itself. */
  private readonly target: AccessTarget | null

  /** As its rights were when the target was looked up. */
  get principal(): Principal {
    return this.asked.principal
  }

  constructor(asked: AskedRequest, target: AccessTarget | null) {
    this.asked = asked
    this.target = target
  }

  /** `action` is an IAM action name. Throws AccessDenied, always the same. */
  check(action: string, target: AccessTarget | null = this.target): void {
    if (!this.allows(action, target)) throw new StorageError('AccessDenied')
  }

  allows(action: string, target: AccessTarget | null = this.target): boolean {
    return isAllowed({ principal: this.asked.principal, action, bucket: target?.bucket ?? null })
  }

  /** The 404-or-403 rule: only who may list a bucket learns that a key is not there. */
  mayKnowThatKeyIsMissing(bucket: Bucket): boolean {
    return this.allows('s3:ListBucket', { bucket, key: null })
  }
}
