import type { Headers, Query } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { isSealed } from '#storage-engine/objects/read-object.ts'
import type { WrittenObject } from '#storage-engine/objects/write-object.ts'
import { checksumHeader } from '#storage-engine/s3/checksum-headers.ts'
import { encryptionHeaders, writtenEncryptionHeaders } from '#storage-engine/s3/encryption-headers.ts'
import { userMetadataHeaders } from '#storage-engine/s3/user-metadata-headers.ts'
import { writtenVersionHeader } from '#storage-engine/s3/version-id.ts'

/** As S3 spells them in answers. */
const HEADER_NAMES: Record<string, string> = {
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  'content-language': 'Content-Language',
  expires: 'Expires',
}

/** Query parameters of a signed GET that replace a response header. */
const OVERRIDES: ReadonlyMap<string, string> = new Map([
  ['response-cache-control', 'cache-control'],
  ['response-content-disposition', 'content-disposition'],
  ['response-content-encoding', 'content-encoding'],
  ['response-content-language', 'content-language'],
  ['response-content-type', 'content-type'],
  ['response-expires', 'expires'],
])

/** What GET and HEAD say of an object, but for length, range and checksum. */
export function objectHeaders(
  object: ObjectVersion,
  requestHeaders: Headers,
  overrides: ReadonlyMap<string, string> | null,
): string[] {
  const headers = [
    'ETag',
    `"${object.etag}"`,
    'Last-Modified',
    object.lastModified.toUTCString(),
    'Accept-Ranges',
    'bytes',
    'Content-Type',
    overrides?.get('content-type') ?? object.contentType,
  ]
  const { systemHeaders, userMetadata } = object
  if (systemHeaders !== null || overrides !== null) {
    for (const name of Object.keys(HEADER_NAMES)) {
      const value = overrides?.get(name) ?? systemHeaders?.[name]
      if (value !== undefined) headers.push(HEADER_NAMES[name] as string, value)
    }
  }
  if (userMetadata !== null) headers.push(...userMetadataHeaders(userMetadata, requestHeaders))
  headers.push(
    ...encryptionHeaders({ encryption: object.settings?.encryption, sealed: isSealed(object) }, requestHeaders),
  )
  return headers
}

/** The object's own checksum, when the client asks for it. Of a part or a range it would be wrong, so it is not for a 206. */
export function checksumHeaders(object: ObjectVersion, headers: Headers): string[] {
  if (object.checksum === null || headers.get('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return []
  const { algorithm, value, type } = object.checksum
  return [checksumHeader(algorithm), value, 'x-amz-checksum-type', type]
}

/**
 * The response-* parameters, by the header they replace; null when there are none. Throws InvalidRequest unless the
 * request is signed, and InvalidArgument for a value that no header may hold.
 */
export function readOverrides(query: Query, isSigned: boolean): ReadonlyMap<string, string> | null {
  if (query.pairs.length === 0) return null
  const found = new Map<string, string>()
  for (const [parameter, value] of query.pairs) {
    const name = OVERRIDES.get(parameter)
    if (name === undefined) continue
    if (!isSigned) {
      throw new StorageError('InvalidRequest', {
        message: 'Request specific response headers cannot be used for anonymous GET requests.',
      })
    }
    found.set(name, headerBytes(parameter, value))
  }
  return found.size === 0 ? null : found
}

/** UTF-8 as bytes, one character each. No control character may pass: it could end the header. */
function headerBytes(name: string, value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class names the characters that are refused
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(bytes)) {
    throw new StorageError('InvalidArgument', {
      message: 'Header value cannot hold control characters.',
      extra: { ArgumentName: name },
    })
  }
  return bytes
}

/** What PUT and POST say of the version they made. */
export function writtenHeaders(written: WrittenObject, requestHeaders: Headers): string[] {
  const { etag, versionId, checksum } = written
  const headers = ['ETag', `"${etag}"`]
  headers.push(...writtenVersionHeader(versionId))
  if (checksum !== null)
    headers.push(checksumHeader(checksum.algorithm), checksum.value, 'x-amz-checksum-type', checksum.type)
  headers.push(...writtenEncryptionHeaders(written, requestHeaders))
  return headers
}
