import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectDescription } from '#storage-engine/objects/write-object.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
export const USER_METADATA_BYTES_MAX = 2048

const DEFAULT_CONTENT_TYPE = 'binary/octet-stream'
const USER_PREFIX = 'x-amz-meta-'
const SYSTEM_HEADERS = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']

/** Headers of features that are not there yet: refused, because to drop them silently would be to lie. */
const NOT_IMPLEMENTED: readonly string[] = ['x-amz-write-offset-bytes']

/**
 * What is stored of an object's headers. Values are kept as the bytes that came, one character a byte, so that every
 * client gets back what it sent, be it UTF-8, Latin-1 or RFC 2047. Throws MetadataTooLarge.
 */
export function readDescription(headers: Headers): ObjectDescription {
  return {
    contentType: headers.get('content-type') || DEFAULT_CONTENT_TYPE,
    systemHeaders: readSystemHeaders(headers),
    userMetadata: readUserMetadata(headers),
  }
}

function readSystemHeaders(headers: Headers): Record<string, string> | null {
  let found: Record<string, string> | null = null
  for (const name of SYSTEM_HEADERS) {
    const value = headers.get(name)
    if (value === undefined) continue
    const kept = name === 'content-encoding' ? withoutTransferFraming(value) : value
    if (kept === '') continue
    found ??= {}
    found[name] = kept
  }
  return found
}

/** `aws-chunked` says how the body travelled, not what it is. What else there is stays as it is written. */
function withoutTransferFraming(encodings: string): string {
  if (!/aws-chunked/i.test(encodings)) return encodings
  const kept = encodings.split(',').filter((encoding) => !['', 'aws-chunked'].includes(encoding.trim().toLowerCase()))
  return kept.join(',').trim()
}

function readUserMetadata(headers: Headers): Record<string, string> | null {
  const entries: [string, string][] = []
  let size = 0
  for (const [header, value] of headers) {
    if (!header.startsWith(USER_PREFIX)) continue
    const name = header.slice(USER_PREFIX.length)
    size += name.length + value.length
    entries.push([name, value])
  }
  if (entries.length === 0) return null
  if (size > USER_METADATA_BYTES_MAX) {
    throw new StorageError('MetadataTooLarge', {
      extra: { Size: String(size), MaxSizeAllowed: String(USER_METADATA_BYTES_MAX) },
    })
  }
  return Object.fromEntries(entries)
}

/** Throws for every header of a write whose meaning could not be honoured: NotImplemented, InvalidArgument. */
export function refuseUnsupported(headers: Headers): void {
  for (const name of NOT_IMPLEMENTED) if (headers.has(name)) throw notImplemented(name)
}

export function notImplemented(header: string): StorageError {
  return new StorageError('NotImplemented', {
    message: 'A header you provided implies functionality that is not implemented',
    extra: { Header: header },
  })
}
