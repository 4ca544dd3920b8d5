import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ChecksumType } from '#storage-engine/objects/uploads.ts'
import type { RequestedChecksum } from '#storage-engine/objects/write-body.ts'

const PREFIX = 'x-amz-checksum-'
const NOT_VALUES: ReadonlySet<string> = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
  'x-amz-checksum-mode',
])
const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 }

const ALGORITHM_BY_HEADER: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  CHECKSUM_ALGORITHMS.map((algorithm) => [PREFIX + algorithm.toLowerCase(), algorithm]),
)

/** Name as a response shows it: `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: string): string {
  return PREFIX + algorithm.toLowerCase()
}

/** Name as XML shows it: `ChecksumCRC32`. */
export function checksumElement(algorithm: string): string {
  return `Checksum${algorithm}`
}

/**
 * The checksum that comes with a body, as a header or promised as a trailer. `required` also accepts the bare name of an
 * algorithm without value. Throws InvalidRequest for a doubled, unknown or missing value, and BadDigest for a malformed one.
 */
export function readChecksum(headers: Headers): RequestedChecksum | null {
  const found = checksumValues(headers)
  const trailer = promisedChecksum(headers)
  if (found.size + (trailer === null ? 0 : 1) > 1) {
    throw new StorageError('InvalidRequest', {
      message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    })
  }
  const named = headers.get('x-amz-sdk-checksum-algorithm')
  const [header] = found
  const checksum = header !== undefined ? { algorithm: header[0], value: header[1] } : trailer
  if (named !== undefined) checkNamed(named, checksum)
  return checksum
}

/** Values of all x-amz-checksum-<algorithm> headers, each of the right form. Throws InvalidRequest and BadDigest. */
export function checksumValues(headers: Headers): Map<ChecksumAlgorithm, string> {
  const found = new Map<ChecksumAlgorithm, string>()
  for (const [name, value] of headers) {
    if (!name.startsWith(PREFIX) || NOT_VALUES.has(name)) continue
    const algorithm = ALGORITHM_BY_HEADER.get(name)
    if (algorithm === undefined) throw unknownAlgorithm()
    if (!isDigest(algorithm, value)) throw invalidDigest(name)
    found.set(algorithm, value)
  }
  return found
}

/** What is no digest at all matches no body: the public suite wants it told like one that does not. */
export function invalidDigest(header: string): StorageError {
  return new StorageError('BadDigest', { message: `Value for ${header} header is invalid.` })
}

/** True for base64 of as many bytes as the algorithm gives. */
export function isDigest(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === DIGEST_BYTES[algorithm] && bytes.toString('base64') === value
}

/** x-amz-checksum-algorithm of CreateMultipartUpload and CopyObject. Throws InvalidRequest. */
export function readChecksumAlgorithm(headers: Headers): ChecksumAlgorithm | null {
  const name = headers.get('x-amz-checksum-algorithm')
  return name === undefined ? null : algorithmNamed(name)
}

/** x-amz-checksum-type. Throws InvalidRequest. */
export function readChecksumType(headers: Headers): ChecksumType | null {
  const type = headers.get('x-amz-checksum-type')?.toUpperCase()
  if (type === undefined) return null
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw new StorageError('InvalidRequest', { message: 'Value for x-amz-checksum-type header is invalid.' })
  }
  return type
}

/** Content-MD5. Throws InvalidDigest unless it is base64 of 16 bytes. */
export function readContentMd5(headers: Headers): Buffer | null {
  const text = headers.get('content-md5')
  if (text === undefined) return null
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== text.trim()) {
    throw new StorageError('InvalidDigest', {
      message: 'The Content-MD5 you specified was invalid.',
      extra: { 'Content-MD5': text },
    })
  }
  return bytes
}

function promisedChecksum(headers: Headers): RequestedChecksum | null {
  const trailers = headers.get('x-amz-trailer')
  if (trailers === undefined) return null
  const algorithms = trailers.split(',').map((name) => ALGORITHM_BY_HEADER.get(name.trim().toLowerCase()))
  if (algorithms.length !== 1 || algorithms[0] === undefined) {
    throw new StorageError('InvalidRequest', {
      message: 'The value specified in the x-amz-trailer header is not supported',
    })
  }
  return { algorithm: algorithms[0], value: null }
}

function checkNamed(name: string, checksum: RequestedChecksum | null): void {
  const algorithm = algorithmNamed(name)
  if (checksum === null) {
    throw new StorageError('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    })
  }
  if (checksum.algorithm !== algorithm) {
    throw new StorageError('InvalidRequest', { message: 'Value for x-amz-sdk-checksum-algorithm header is invalid.' })
  }
}

function algorithmNamed(name: string): ChecksumAlgorithm {
  const algorithm = CHECKSUM_ALGORITHMS.find((each) => each === name.toUpperCase())
  if (algorithm === undefined) throw unknownAlgorithm()
  return algorithm
}

function unknownAlgorithm(): StorageError {
  return new StorageError('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  })
}
