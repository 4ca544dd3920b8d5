import type { FormFields } from '#storage-engine/auth/form-policy.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import type { Body } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import type { OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'
import type { RequestAccess } from '#storage-engine/s3/request-access.ts'
import type { RequestLog } from '#storage-engine/s3/request-log.ts'
import type { Target } from '#storage-engine/s3/target.ts'

/** An authenticated and authorized request on the service itself. */
export interface ServiceRequest {
  engine: Engine
  owners: OwnerDirectory
  /** What access logs will say of it. */
  log: RequestLog
  requestId: string
  method: string
  query: Query
  headers: Headers
  /** Of any kind; what it may do besides the row's action, `access` says. */
  principal: Principal
  access: RequestAccess
  /** The object user to whom belongs what this request makes. */
  ownerId: string
  /** The client's address. */
  sourceIp: string | null
  /** True when the request was signed, so that it may override response headers. */
  isSigned: boolean
  body: Body
}

/** A preflight: nobody has signed it. */
export interface PreflightRequest {
  engine: Engine
  target: Target
  headers: Headers
  log: RequestLog
}

/** The name in CreateBucket is all there is of the bucket. */
export interface NewBucketRequest extends ServiceRequest {
  bucketName: string
}

export interface BucketRequest extends ServiceRequest {
  bucket: Bucket
}

export interface KeyRequest extends BucketRequest {
  key: string
}

/** The key is the form's, and the headers are what its fields come to; the body is its file. */
export interface FormRequest extends KeyRequest {
  /** By lower-case name. */
  fields: FormFields
}

export interface ObjectRequest extends KeyRequest {
  object: ObjectVersion
}
