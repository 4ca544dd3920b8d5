import { createHash, hash } from 'node:crypto'
import { crc32, crc32c } from '@node-rs/crc32'
import type { ChecksumAlgorithm } from '#storage-engine/body.ts'
import { CRC64_START, type CrcField, combineCrcValues, updateCrc64 } from '#storage-engine/crypto/crc64.ts'

/** The checksum algorithms of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
export interface Checksum {
  update(chunk: Uint8Array): void
  /** Base64, of big-endian bytes. Callable once. */
  digest(): string
}

export type CrcAlgorithm = Exclude<ChecksumAlgorithm, 'SHA1' | 'SHA256'>

const CRC_FIELDS: Record<CrcAlgorithm, CrcField & { bytes: number }> = {
  CRC32: { polynomial: 0xedb88320n, one: 1n << 31n, bytes: 4 },
  CRC32C: { polynomial: 0x82f63b78n, one: 1n << 31n, bytes: 4 },
  CRC64NVME: { polynomial: 0x9a6c9329ac4bc9b5n, one: 1n << 63n, bytes: 8 },
}

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case 'CRC32':
      return createCrc32(crc32)
    case 'CRC32C':
      return createCrc32(crc32c)
    case 'CRC64NVME':
      return createCrc64()
    case 'SHA1':
      return createSha('sha1')
    case 'SHA256':
      return createSha('sha256')
  }
}

/** The checksum of bytes in memory, base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, chunk: Uint8Array): string {
  switch (algorithm) {
    case 'CRC32':
      return encodeCrc32(crc32(chunk))
    case 'CRC32C':
      return encodeCrc32(crc32c(chunk))
    case 'CRC64NVME':
      return encodeCrc64(~updateCrc64(CRC64_START, chunk))
    case 'SHA1':
      return hash('sha1', chunk, 'base64')
    case 'SHA256':
      return hash('sha256', chunk, 'base64')
  }
}

/**
 * The checksum of a whole object from those of its parts in order (S3's FULL_OBJECT type), without its bytes.
 * `size` is bytes. Throws RangeError for a value that is not one of this algorithm.
 */
export function combineCrcs(algorithm: CrcAlgorithm, parts: readonly { value: string; size: number }[]): string {
  const field = CRC_FIELDS[algorithm]
  const values = parts.map(({ value, size }) => ({ value: decodeCrc(value, field.bytes), size }))
  const combined = combineCrcValues(field, values)
  return field.bytes === 8 ? encodeCrc64(combined) : encodeCrc32(Number(combined))
}

/** S3's COMPOSITE type: the checksum of the parts' checksums, with their count: `base64-N`. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, partValues: readonly string[]): string {
  const joined = Buffer.concat(partValues.map((value) => Buffer.from(value, 'base64')))
  return `${checksumOf(algorithm, joined)}-${partValues.length}`
}

function createCrc32(update: typeof crc32): Checksum {
  let value = 0
  return {
    update(chunk) {
      value = update(chunk, value)
    },
    digest: () => encodeCrc32(value),
  }
}

function createCrc64(): Checksum {
  let register = CRC64_START
  return {
    update(chunk) {
      register = updateCrc64(register, chunk)
    },
    digest: () => encodeCrc64(~register),
  }
}

function createSha(algorithm: 'sha1' | 'sha256'): Checksum {
  const sha = createHash(algorithm)
  return {
    update(chunk) {
      sha.update(chunk)
    },
    digest: () => sha.digest('base64'),
  }
}

function encodeCrc32(value: number): string {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

function encodeCrc64(value: bigint): string {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes.toString('base64')
}

function decodeCrc(value: string, size: number): bigint {
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== size) throw new RangeError(`A checksum of ${bytes.length} bytes, where ${size} are needed.`)
  return BigInt(`0x${bytes.toString('hex')}`)
}
