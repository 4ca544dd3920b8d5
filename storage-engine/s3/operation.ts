import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import type {
  BucketRequest,
  FormRequest,
  KeyRequest,
  NewBucketRequest,
  ObjectRequest,
  PreflightRequest,
  ServiceRequest,
} from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'

/** One row of the operation table: an operation of S3's API, and what we answer to it. */
export type Operation = OperationSelector & OperationRun

export interface OperationSelector {
  /** As AWS spells it. */
  name: string
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS'
  /** What the URL names. */
  on: 'service' | 'bucket' | 'object'
  /** Query parameters, any of which selects the row: `uploads`, or with a value `list-type=2`. */
  query?: string[]
  /** A header that must be there besides. */
  header?: string
}

export type OperationRun =
  | ({ needs: 'service' } & Permitted<ServiceRequest>)
  /** The bucket need not exist. */
  | ({ needs: 'bucket-name' } & Permitted<NewBucketRequest>)
  | ({ needs: 'bucket' } & Permitted<BucketRequest>)
  /** The object need not exist. */
  | ({ needs: 'key' } & Permitted<KeyRequest>)
  /** The body is a form, which says who sent it and which key it is about. */
  | ({ needs: 'form' } & Permitted<FormRequest>)
  | ({ needs: 'object' } & Permitted<ObjectRequest>)
  /** Asks for no more than a bucket's rules for other origins, and is never signed. */
  | { needs: 'preflight'; run(request: PreflightRequest): Promise<S3Response> }
  | { needs: 'not-implemented' }

/** A row whose caller is authenticated and authorized before it runs. */
export type PermittedOperation = Exclude<Operation, { needs: 'preflight' | 'not-implemented' }>

interface Permitted<Request> {
  /** IAM action on the target, or what names it. What a request does besides, its operation checks through `access`. */
  action: string | ((parsed: { query: Query; headers: Headers }) => string)
  /**
   * Who passes besides those whom the action lets pass. `each-key`: whoever might do it to some key of the bucket, as the
   * body names the keys and the operation checks each. `initiator`: whoever began the upload that the query names.
   * `document`: whom the body may let pass by the tags or the lock that it names; once it is read, the operation checks again.
   */
  passes?: 'each-key' | 'initiator' | 'document'
  run(request: Request): S3Response | Promise<S3Response>
  /** The answer for a bucket or object on which this was never set, as nothing can be set yet. */
  isUntouched?: true
  /** May take so long that the client gets white space meanwhile. */
  isLong?: true
}

/** The action of a row whose name differs when the request names a version. */
export function byVersion(action: string, versionAction: string): (parsed: { query: Query }) => string {
  return ({ query }) => (query.values.has('versionId') ? versionAction : action)
}
