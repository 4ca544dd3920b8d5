import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { Body } from '#storage-engine/body.ts'
import { checksumOf } from '#storage-engine/crypto/checksums.ts'
import { md5Of } from '#storage-engine/crypto/md5.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { readChecksum, readContentMd5 } from '#storage-engine/s3/checksum-headers.ts'

/** Of a configuration document. */
export const XML_BYTES_MAX = 1024 ** 2
/** Of the two documents that list up to 1,000 keys or 10,000 parts with their checksums. */
export const LONG_XML_BYTES_MAX = 4 * 1024 ** 2
/** Who may send it was judged when it began to come, so it must not go on coming for hours. */
export const DOCUMENT_SECONDS_MAX = 120

/**
 * Reads a whole small body and holds it against Content-MD5 and the checksum that came with it.
 * Throws MaxMessageLengthExceeded, RequestTimeout, InvalidDigest, BadDigest, and what the body throws.
 */
export async function readDocument(headers: Headers, body: Body, bytesMax: number): Promise<Buffer> {
  const tooLong = () =>
    new StorageError('MaxMessageLengthExceeded', { extra: { MaxMessageLengthBytes: String(bytesMax) } })
  if (body.declaredSize !== null && body.declaredSize > bytesMax) throw tooLong()
  const contentMd5 = readContentMd5(headers)
  const checksum = readChecksum(headers)
  const chunks: Buffer[] = []
  const deadline = performance.now() + 1000 * DOCUMENT_SECONDS_MAX
  let size = 0
  // One that stops coming at all is given up by the body itself.
  await body.drainTo((chunk) => {
    if (performance.now() > deadline) throw new StorageError('RequestTimeout')
    size += chunk.length
    if (size > bytesMax) throw tooLong()
    chunks.push(chunk)
  })
  const content = Buffer.concat(chunks, size)
  if (contentMd5 !== null && !md5Of([content]).equals(contentMd5)) throw new StorageError('BadDigest')
  if (checksum !== null) {
    const claimed = checksum.value ?? body.trailingChecksums.get(checksum.algorithm)
    if (claimed !== checksumOf(checksum.algorithm, content)) throw new StorageError('BadDigest')
  }
  return content
}
