import { createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { md5Of } from '#storage-engine/crypto/md5.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectEncryption } from '#storage-engine/object-settings.ts'
import type { RequestedEncryption } from '#storage-engine/objects/encryption.ts'

const ALGORITHM = 'x-amz-server-side-encryption'
const KMS_KEY_ID = 'x-amz-server-side-encryption-aws-kms-key-id'
const KMS_CONTEXT = 'x-amz-server-side-encryption-context'
const BUCKET_KEY = 'x-amz-server-side-encryption-bucket-key-enabled'
const CUSTOMER = keyHeaders('x-amz-server-side-encryption-customer-')
const COPY_SOURCE_CUSTOMER = keyHeaders('x-amz-copy-source-server-side-encryption-customer-')

const CUSTOMER_KEY_BYTES = 32
export const CONTEXT_BYTES_MAX = 8192
const DEFAULT: RequestedEncryption = { kind: 'default' }
const SSE_S3: RequestedEncryption = { kind: 's3' }

/**
 * How the headers of a write ask for its object to be sealed. Throws InvalidArgument, InvalidEncryptionAlgorithmError and
 * NotImplemented (for dual-layer encryption).
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html
 */
export function readEncryption(headers: Headers): RequestedEncryption {
  const customerKey = readCustomerKey(headers)
  const algorithm = headers.get(ALGORITHM)
  if (customerKey !== null) {
    if (algorithm !== undefined) {
      throw invalid(
        ALGORITHM,
        algorithm,
        'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
      )
    }
    return { kind: 'customer', key: customerKey }
  }
  if (algorithm !== 'aws:kms') refuseKmsHeaders(headers)
  if (algorithm === undefined) return DEFAULT
  if (algorithm === 'AES256') return SSE_S3
  if (algorithm === 'aws:kms') return readKms(headers)
  if (algorithm === 'aws:kms:dsse') {
    throw new StorageError('NotImplemented', {
      message: 'Dual-layer server-side encryption is not implemented. Use aws:kms.',
      extra: { Header: ALGORITHM },
    })
  }
  throw invalid(ALGORITHM, algorithm, 'The encryption method specified is not supported')
}

function refuseKmsHeaders(headers: Headers): void {
  for (const name of [KMS_KEY_ID, KMS_CONTEXT]) {
    const value = headers.get(name)
    if (value === undefined) continue
    throw invalid(
      name,
      value,
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    )
  }
}

function readKms(headers: Headers): RequestedEncryption {
  return {
    kind: 'kms',
    reference: headers.get(KMS_KEY_ID) || null,
    isBucketKeyEnabled: readBoolean(headers, BUCKET_KEY),
    context: readContext(headers),
  }
}

function readBoolean(headers: Headers, name: string): boolean | null {
  const value = headers.get(name)
  if (value === undefined) return null
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  throw invalid(name, value, `The header ${name} must be true or false.`)
}

/** Base64 of a flat JSON object of texts, kept as it came. */
function readContext(headers: Headers): string | null {
  const value = headers.get(KMS_CONTEXT)
  if (value === undefined) return null
  if (value.length > CONTEXT_BYTES_MAX || !isContext(Buffer.from(value, 'base64').toString('utf8'))) {
    throw invalid(KMS_CONTEXT, value.slice(0, 100), 'The header x-amz-server-side-encryption-context is not valid.')
  }
  return value
}

function isContext(text: string): boolean {
  try {
    const context: unknown = JSON.parse(text)
    if (typeof context !== 'object' || context === null || Array.isArray(context)) return false
    return Object.values(context).every((value) => typeof value === 'string')
  } catch {
    return false
  }
}

/** The key of SSE-C that the request brings for its object; null when it brings none. Throws as readEncryption does. */
export function readCustomerKey(headers: Headers): KeyObject | null {
  return readKey(headers, CUSTOMER)
}

/** The key of SSE-C for the object that a copy reads. */
export function readCopySourceKey(headers: Headers): KeyObject | null {
  return readKey(headers, COPY_SOURCE_CUSTOMER)
}

interface KeyHeaders {
  algorithm: string
  key: string
  md5: string
}

function keyHeaders(prefix: string): KeyHeaders {
  return { algorithm: `${prefix}algorithm`, key: `${prefix}key`, md5: `${prefix}key-md5` }
}

/** The words of errors are AWS's. The key itself is in none of them. */
function readKey(headers: Headers, names: KeyHeaders): KeyObject | null {
  const algorithm = headers.get(names.algorithm)
  const text = headers.get(names.key)
  const digest = headers.get(names.md5)
  if (algorithm === undefined && text === undefined && digest === undefined) return null
  const start = 'Requests specifying Server Side Encryption with Customer provided keys must provide'
  if (algorithm === undefined) throw invalid(names.algorithm, '', `${start} a valid encryption algorithm.`)
  if (algorithm !== 'AES256') {
    throw new StorageError('InvalidEncryptionAlgorithmError', {
      extra: { ArgumentName: names.algorithm, ArgumentValue: algorithm },
    })
  }
  if (!text) throw invalid(names.key, '', `${start} an appropriate secret key.`)
  if (!digest) throw invalid(names.md5, '', `${start} the client calculated MD5 of the secret key.`)
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== CUSTOMER_KEY_BYTES) {
    throw invalid(names.key, '', 'The secret key was invalid for the specified algorithm.')
  }
  const claimed = Buffer.from(digest, 'base64')
  if (claimed.length !== 16 || !timingSafeEqual(claimed, md5Of([bytes]))) {
    throw invalid(names.md5, digest, 'The calculated MD5 hash of the key did not match the hash that was provided.')
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** GET and HEAD take what they are given: only a customer's key may be named. Throws InvalidArgument. */
export function refuseEncryptionOfRead(headers: Headers): void {
  for (const name of [ALGORITHM, KMS_KEY_ID, KMS_CONTEXT]) {
    const value = headers.get(name)
    if (value !== undefined) throw invalid(name, value, `${name} header is not supported for this operation.`)
  }
}

/**
 * What an answer says of how an object is sealed: what was asked for, and AES256 for every one that is sealed without.
 * A customer's key is answered by the MD5 that the request brought, which is proved to be its.
 */
export function encryptionHeaders(
  { encryption, sealed }: { encryption: ObjectEncryption | null | undefined; sealed: boolean },
  requestHeaders: Headers,
): string[] {
  switch (encryption?.kind) {
    case 'customer':
      return [CUSTOMER.algorithm, 'AES256', CUSTOMER.md5, requestHeaders.get(CUSTOMER.md5) as string]
    case 'kms': {
      const headers = [ALGORITHM, 'aws:kms', KMS_KEY_ID, encryption.keyName]
      if (encryption.isBucketKeyEnabled) headers.push(BUCKET_KEY, 'true')
      return headers
    }
    default:
      return sealed ? [ALGORITHM, 'AES256'] : []
  }
}

/** The same for a write, which besides tells the encryption context that it was given. */
export function writtenEncryptionHeaders(
  written: { encryption: ObjectEncryption | null; sealed: boolean },
  requestHeaders: Headers,
): string[] {
  const headers = encryptionHeaders(written, requestHeaders)
  const { encryption } = written
  if (encryption?.kind === 'kms' && encryption.context !== undefined) headers.push(KMS_CONTEXT, encryption.context)
  return headers
}

function invalid(name: string, value: string, message: string): StorageError {
  return new StorageError('InvalidArgument', { message, extra: { ArgumentName: name, ArgumentValue: value } })
}
