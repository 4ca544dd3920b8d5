import { createHmac, hash } from 'node:crypto'
import type { ChunkSigning } from '#storage-engine/auth/payload.ts'
import { equalSignatures } from '#storage-engine/auth/signature.ts'
import { StorageError } from '#storage-engine/errors.ts'

const EMPTY_SHA256 = hash('sha256', '', 'hex')

export interface ChunkVerifier {
  /** Throws SignatureDoesNotMatch. `sha256` is hexadecimal, of the chunk's bytes. */
  verifyChunk(signature: string, sha256: string): void
  /** `lines` is every trailer as `name:value\n`. Throws SignatureDoesNotMatch. */
  verifyTrailer(signature: string, lines: string): void
}

/**
 * Verifies the chain of chunk signatures: each one covers the one before, so chunks can be neither dropped nor moved.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export function createChunkVerifier(signing: ChunkSigning): ChunkVerifier {
  let previous = signing.seedSignature
  const verify = (signature: string, kind: string, digests: string) => {
    const text = `${kind}\n${signing.date}\n${signing.scope}\n${previous}\n${digests}`
    const expected = createHmac('sha256', signing.signingKey).update(text).digest('hex')
    if (!equalSignatures(expected, signature)) throw new StorageError('SignatureDoesNotMatch')
    previous = signature
  }
  return {
    verifyChunk: (signature, sha256) => verify(signature, 'AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${sha256}`),
    verifyTrailer: (signature, lines) => verify(signature, 'AWS4-HMAC-SHA256-TRAILER', hash('sha256', lines, 'hex')),
  }
}
