import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { expectObjectLock } from '#storage-engine/buckets/object-lock.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'
import { checkRetainUntil } from '#storage-engine/objects/object-lock.ts'
import { parseTime } from '#storage-engine/s3/object-lock-xml.ts'
import type { RequestAccess } from '#storage-engine/s3/request-access.ts'

const MODE = 'x-amz-object-lock-mode'
const RETAIN_UNTIL = 'x-amz-object-lock-retain-until-date'
const LEGAL_HOLD = 'x-amz-object-lock-legal-hold'

/**
 * The lock that the headers of a write ask for; null when none do.
 * Throws InvalidRequest in a bucket without object lock, InvalidArgument, and AccessDenied.
 */
export function readLock({
  headers,
  bucket,
  access,
}: {
  headers: Headers
  bucket: Bucket
  access: RequestAccess
}): ObjectLock | null {
  const mode = headers.get(MODE)
  const retainUntil = headers.get(RETAIN_UNTIL)
  const legalHold = headers.get(LEGAL_HOLD)
  if (mode === undefined && retainUntil === undefined && legalHold === undefined) return null
  expectObjectLock(bucket)
  const lock = { ...readRetention(mode, retainUntil), ...readHold(legalHold) }
  if (lock.mode !== undefined) access.check('s3:PutObjectRetention')
  if (lock.legalHold !== undefined) access.check('s3:PutObjectLegalHold')
  return lock
}

function readRetention(mode: string | undefined, retainUntil: string | undefined): ObjectLock {
  if (mode === undefined && retainUntil === undefined) return {}
  if (mode === undefined || retainUntil === undefined) {
    throw invalid(mode === undefined ? MODE : RETAIN_UNTIL, '', `${RETAIN_UNTIL} and ${MODE} must both be supplied`)
  }
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw invalid(MODE, mode, 'Unknown wormMode directive.')
  const time = parseTime(retainUntil)
  if (time === null) {
    throw invalid(RETAIN_UNTIL, retainUntil, 'The retain until date must be provided in ISO 8601 format')
  }
  checkRetainUntil(time, new Date())
  return { mode, retainUntil: time.toISOString() }
}

function readHold(status: string | undefined): ObjectLock {
  if (status === undefined) return {}
  if (status !== 'ON' && status !== 'OFF')
    throw invalid(LEGAL_HOLD, status, "Legal Hold must be either of 'ON' or 'OFF'")
  return { legalHold: status === 'ON' }
}

/**
 * What is locked for years must have arrived whole, so S3 wants to be told a digest: by which headers, `what` says for the
 * message. Throws InvalidRequest. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
 */
export function expectDigest(headers: Headers, what: 'Put Object' | 'Put Part'): void {
  if (hasDigest(headers)) return
  throw new StorageError('InvalidRequest', {
    message: `Content-MD5 OR x-amz-checksum- HTTP header is required for ${what} requests with Object Lock parameters`,
  })
}

/** Of a configuration document. Throws InvalidRequest. */
export function expectDocumentDigest(headers: Headers): void {
  if (hasDigest(headers)) return
  throw new StorageError('InvalidRequest', { message: 'Missing required header for this request: Content-MD5' })
}

function hasDigest(headers: Headers): boolean {
  if (headers.has('content-md5') || headers.has('x-amz-trailer')) return true
  for (const name of headers.keys()) if (/^x-amz-checksum-(?!algorithm$|type$|mode$)/.test(name)) return true
  return false
}

/** What GET and HEAD say of a version's lock, as far as the caller may know it. */
export function lockHeaders(lock: ObjectLock, access: RequestAccess): string[] {
  const headers: string[] = []
  if (lock.mode !== undefined && access.allows('s3:GetObjectRetention')) {
    headers.push(MODE, lock.mode, RETAIN_UNTIL, lock.retainUntil as string)
  }
  if (lock.legalHold !== undefined && access.allows('s3:GetObjectLegalHold')) {
    headers.push(LEGAL_HOLD, lock.legalHold ? 'ON' : 'OFF')
  }
  return headers
}

function invalid(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}
