import { parseAmzDate } from '#storage-engine/auth/request-time.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** In front of an Authorization header of version 2. */
export const SIGV2_SCHEME = 'AWS '

/** 32 bits of seconds, as S3 has it. */
const EXPIRES_MAX = 2 ** 31 - 1

/** What a request says of its own version 2 signature. Nothing of it is believed before `authenticate` has verified it. */
export interface SigV2Claim {
  version: 2
  place: 'header' | 'query'
  accessKeyId: string
  /** Base64. */
  signature: string
  /** The line of the date in what is signed: as sent; empty beside an x-amz-date, which is signed among its like. */
  dateLine: string
  /** Milliseconds since the epoch: when it was signed, or, in a query, until when it holds. */
  time: number
}

/** Reads an `Authorization: AWS id:signature` header. Throws InvalidArgument and AccessDenied. */
export function sigV2ClaimFromHeader({ headers }: WireRequest, authorization: string): SigV2Claim {
  const [accessKeyId, signature, ...more] = authorization.slice(SIGV2_SCHEME.length).split(':')
  if (!accessKeyId || !signature || more.length > 0) {
    throw new StorageError('InvalidArgument', {
      message: 'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature',
      extra: { ArgumentName: 'Authorization', ArgumentValue: SIGV2_SCHEME.trim() },
    })
  }
  const amzDate = headers.get('x-amz-date')
  const date = amzDate ?? headers.get('date') ?? ''
  const time = parseAmzDate(date) ?? Date.parse(date)
  // A date before 1970 is none to S3, and NaN is not at least 0 either.
  if (!(time >= 0)) {
    throw new StorageError('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' })
  }
  const dateLine = amzDate === undefined ? date : ''
  return { version: 2, place: 'header', accessKeyId, signature, dateLine, time }
}

/** Reads AWSAccessKeyId, Expires and Signature of a presigned URL. Throws AccessDenied. */
export function sigV2ClaimFromQuery({ query }: WireRequest): SigV2Claim {
  const accessKeyId = query.values.get('AWSAccessKeyId')
  const signature = query.values.get('Signature')
  const expires = query.values.get('Expires')
  if (accessKeyId === undefined || signature === undefined || expires === undefined) {
    throw new StorageError('AccessDenied', {
      message: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    })
  }
  const seconds = /^-?\d{1,10}$/.test(expires) ? Number(expires) : Number.NaN
  if (!(seconds <= EXPIRES_MAX)) {
    throw new StorageError('AccessDenied', {
      message: `Invalid date (should be seconds since epoch): ${expires.slice(0, 100)}`,
    })
  }
  return { version: 2, place: 'query', accessKeyId, signature, dateLine: expires, time: seconds * 1000 }
}
