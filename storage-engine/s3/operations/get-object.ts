import type { KeyObject } from 'node:crypto'
import { checkCustomerKey, readObject, readSmallObject } from '#storage-engine/objects/read-object.ts'
import { parseRange } from '#storage-engine/s3/byte-range.ts'
import { checkReadConditions, isRangeCurrent } from '#storage-engine/s3/conditions.ts'
import { readCustomerKey, refuseEncryptionOfRead } from '#storage-engine/s3/encryption-headers.ts'
import { expirationHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { checksumHeaders, objectHeaders, readOverrides } from '#storage-engine/s3/object-response.ts'
import { findPartRange } from '#storage-engine/s3/part-range.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import type { S3Response } from '#storage-engine/s3/s3-response.ts'
import { settingHeaders } from '#storage-engine/s3/setting-headers.ts'
import { shownVersionId } from '#storage-engine/s3/version-id.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export async function getObject(request: ObjectRequest): Promise<S3Response> {
  const selection = await selectBytes(request)
  const { engine, bucket, object } = request
  const { status, headers, range, customerKey } = selection
  if (range === null) {
    const small = readSmallObject(engine, { bucket, object, customerKey })
    if (small !== null) return { status, headers, body: small instanceof Promise ? await small : small }
  }
  const size = range === null ? object.size : range.end - range.start + 1
  return { status, headers, body: { size, chunks: readObject(engine, { bucket, object, range, customerKey }) } }
}

export interface Selection {
  status: 200 | 206
  headers: string[]
  /** Inclusive; null is the whole object. */
  range: { start: number; end: number } | null
  /** The one that opens the object; null when it needs none. */
  customerKey: KeyObject | null
}

/**
 * What of an object GET and HEAD answer with, and its headers but for the length.
 * Throws NotModified, PreconditionFailed, InvalidRange, InvalidPart, InvalidArgument, and InvalidRequest, also without the
 * customer's key that the object needs.
 */
export async function selectBytes(request: ObjectRequest): Promise<Selection> {
  const { object, headers, query } = request
  refuseEncryptionOfRead(headers)
  const part = query.pairs.length === 0 ? null : await findPartRange(request)
  // Before the conditions: how they end already says something of the object.
  const customerKey = readCustomerKey(headers)
  const keyCheck = checkCustomerKey(request.engine, { bucket: request.bucket, object, customerKey })
  if (keyCheck !== undefined) await keyCheck
  checkReadConditions(headers, object)
  const answer = objectHeaders(object, headers, readOverrides(query, request.isSigned))
  if (object.settings !== null || object.lock !== null) answer.push(...settingHeaders(request))
  const versionId = shownVersionId(request.bucket, object)
  if (versionId !== null) answer.push('x-amz-version-id', versionId)
  if (request.bucket.settings.lifecycle !== undefined && !query.values.has('versionId')) {
    answer.push(...expirationHeaders(request.bucket, { ...object, tags: object.settings?.tags }))
  }
  const rangeHeader = headers.get('range')
  const wantsRange = part === null && rangeHeader !== undefined && isRangeCurrent(headers, object)
  const range = part?.range ?? (wantsRange ? parseRange(rangeHeader, object.size) : null)
  if (part !== null) answer.push(...part.headers)
  if (range === null) {
    if (part === null) answer.push(...checksumHeaders(object, headers))
    return { status: part === null ? 200 : 206, headers: answer, range, customerKey }
  }
  answer.push('Content-Range', `bytes ${range.start}-${range.end}/${object.size}`)
  return { status: 206, headers: answer, range, customerKey }
}
