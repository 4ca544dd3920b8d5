import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { DeleteCondition } from '#storage-engine/metadata/delete-condition.ts'
import type { WritePrecondition } from '#storage-engine/objects/write-object.ts'
import { notImplemented } from '#storage-engine/s3/object-headers.ts'

/** What a condition is about. */
export interface Validators {
  /** Without quotes. */
  etag: string
  lastModified: Date
}

/**
 * Judges the conditions of a read in RFC 9110's order (§13.2.2): If-Match outranks If-Unmodified-Since, and If-None-Match
 * outranks If-Modified-Since. Throws PreconditionFailed, or NotModified with the validators as headers.
 */
export function checkReadConditions(headers: Headers, validators: Validators): void {
  const failed = failedCondition(headers, validators, '')
  if (failed === null) return
  if (failed === 'If-Match' || failed === 'If-Unmodified-Since') {
    throw new StorageError('PreconditionFailed', { extra: { Condition: failed } })
  }
  throw new StorageError('NotModified', {
    headers: { ETag: `"${validators.etag}"`, 'Last-Modified': validators.lastModified.toUTCString() },
  })
}

/** The x-amz-copy-source-if-* headers: whatever fails is PreconditionFailed. */
export function checkCopyConditions(headers: Headers, validators: Validators): void {
  const failed = failedCondition(headers, validators, 'x-amz-copy-source-')
  if (failed !== null)
    throw new StorageError('PreconditionFailed', { extra: { Condition: `x-amz-copy-source-${failed}` } })
}

/**
 * If-Match and If-None-Match of a write. AWS takes only `*` for If-None-Match; an etag, which others take too, means what
 * HTTP says. Throws NotImplemented for both at once, which no server of S3's API has.
 */
export function readWritePrecondition(headers: Headers): WritePrecondition | null {
  const ifMatch = headers.get('if-match')
  const ifNoneMatch = headers.get('if-none-match')
  if (ifMatch === undefined && ifNoneMatch === undefined) return null
  if (ifNoneMatch === undefined) return { ifMatch: unquoteEtag(ifMatch as string) }
  if (ifMatch === undefined) return { ifNoneMatch: unquoteEtag(ifNoneMatch) }
  throw notImplemented('If-None-Match')
}

/**
 * The conditions of DeleteObject and of an entry of DeleteObjects: etag, time, size as they were spelled. Throws InvalidArgument.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export function readDeleteCondition(spelled: {
  etag: string | null | undefined
  time: string | null | undefined
  size: string | null | undefined
}): DeleteCondition | null {
  const { etag, time, size } = spelled
  const condition: DeleteCondition = {}
  if (etag) condition.ifMatch = unquoteEtag(etag)
  if (time) condition.lastModified = readTime(time)
  if (size) condition.size = readSize(size)
  return Object.keys(condition).length === 0 ? null : condition
}

/** An HTTP date or ISO 8601: SDKs send either. */
function readTime(text: string): Date {
  const time = new Date(text.trim())
  if (!Number.isNaN(time.getTime())) return time
  throw new StorageError('InvalidArgument', {
    message: 'The last modified time is not a valid date.',
    extra: { ArgumentName: 'LastModifiedTime', ArgumentValue: text.slice(0, 100) },
  })
}

function readSize(text: string): number {
  if (/^\d{1,15}$/.test(text.trim())) return Number(text)
  throw new StorageError('InvalidArgument', {
    message: 'The size is not a valid number.',
    extra: { ArgumentName: 'Size', ArgumentValue: text.slice(0, 100) },
  })
}

/** True when If-Range is absent or names this very state, so that a range may be sent. */
export function isRangeCurrent(headers: Headers, { etag, lastModified }: Validators): boolean {
  const ifRange = headers.get('if-range')
  if (ifRange === undefined) return true
  const time = Date.parse(ifRange)
  return Number.isNaN(time) || ifRange.includes('"')
    ? unquoteEtag(ifRange) === etag
    : wholeSeconds(lastModified) === time
}

/** `"abc"` and `W/"abc"` → `abc`: clients quote, leave out quotes, or (in XML) escape them. */
export function unquoteEtag(text: string): string {
  return text
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
}

function failedCondition(headers: Headers, { etag, lastModified }: Validators, prefix: string): string | null {
  const ifMatch = headers.get(`${prefix}if-match`)
  const ifUnmodifiedSince = headers.get(`${prefix}if-unmodified-since`)
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) return 'If-Match'
  } else if (ifUnmodifiedSince !== undefined && wholeSeconds(lastModified) > Date.parse(ifUnmodifiedSince)) {
    return 'If-Unmodified-Since'
  }
  const ifNoneMatch = headers.get(`${prefix}if-none-match`)
  const ifModifiedSince = headers.get(`${prefix}if-modified-since`)
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag) ? 'If-None-Match' : null
  if (ifModifiedSince !== undefined && wholeSeconds(lastModified) <= Date.parse(ifModifiedSince))
    return 'If-Modified-Since'
  return null
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((each) => each.trim() === '*' || unquoteEtag(each) === etag)
}

/** HTTP dates have no milliseconds. A malformed date is NaN, with which no comparison holds: it is ignored. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}
