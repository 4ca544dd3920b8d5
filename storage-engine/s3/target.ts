import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const KEY_BYTES_MAX = 1024

/** What a request is about. No dot and no slash of a key is ever folded. */
export interface Target {
  /** Null: the service itself. */
  bucket: string | null
  /** Null: the bucket itself. */
  key: string | null
  /** Name of the namespace that the host names; the bucket must be in it. */
  namespace: string | null
}

/**
 * The labels in front of the endpoint (`bucket`, `namespace`, `bucket.namespace`) of a Host header; null for a bare
 * endpoint, an address, or a foreign name: then the path names the bucket.
 */
export function hostPrefix(host: string, endpoint: { domain: string; region: string }): string | null {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  const { domain, region } = endpoint
  for (const suffix of [`s3.${region}.${domain}`, `s3.${domain}`, domain]) {
    if (name === suffix) return null
    if (name.endsWith(`.${suffix}`)) return name.slice(0, -suffix.length - 1)
  }
  return null
}

/**
 * Finds bucket and key. A label that is the name of a namespace is one: only administrators name namespaces, whereas any
 * tenant names buckets, so no tenant can capture another's endpoint. Throws InvalidURI and KeyTooLongError.
 */
export async function locateTarget(
  rawPath: string,
  prefix: string | null,
  isNamespace: (name: string) => Promise<boolean>,
): Promise<Target> {
  if (prefix === null) return locateByPath(rawPath, null)
  if (await isNamespace(prefix)) return locateByPath(rawPath, prefix)
  const at = prefix.lastIndexOf('.')
  const lastLabel = prefix.slice(at + 1)
  const hasNamespace = at > 0 && (await isNamespace(lastLabel))
  const bucket = hasNamespace ? prefix.slice(0, at) : prefix
  return { bucket, key: decodeKey(rawPath.slice(1)), namespace: hasNamespace ? lastLabel : null }
}

/** Path style: `/bucket/key`. A trailing slash after the bucket is no key. Throws InvalidURI and KeyTooLongError. */
export function locateByPath(rawPath: string, namespace: string | null): Target {
  if (rawPath === '/') return { bucket: null, key: null, namespace }
  const at = rawPath.indexOf('/', 1)
  if (at === -1) return { bucket: decodePercent(rawPath.slice(1)), key: null, namespace }
  return { bucket: decodePercent(rawPath.slice(1, at)), key: decodeKey(rawPath.slice(at + 1)), namespace }
}

function decodeKey(raw: string): string | null {
  if (raw === '') return null
  const key = decodePercent(raw)
  checkKeyLength(key)
  return key
}

/** Throws KeyTooLongError over 1,024 bytes of UTF-8. */
export function checkKeyLength(key: string): void {
  // One UTF-16 unit is at most three bytes of UTF-8.
  if (key.length * 3 <= KEY_BYTES_MAX) return
  const size = Buffer.byteLength(key)
  if (size > KEY_BYTES_MAX) {
    throw new StorageError('KeyTooLongError', { extra: { Size: String(size), MaxSizeAllowed: String(KEY_BYTES_MAX) } })
  }
}
