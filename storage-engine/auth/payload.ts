import type { KeyObject } from 'node:crypto'
import { StorageError } from '#storage-engine/errors.ts'

/** How the body is framed and what vouches for it, as the (signed) x-amz-content-sha256 header says. */
export type Payload = IdentityPayload | ChunkedPayload

export interface IdentityPayload {
  framing: 'identity'
  /** Hexadecimal SHA-256 of the body; null when TLS alone protects it. */
  sha256: string | null
}

export interface ChunkedPayload {
  framing: 'aws-chunked'
  /** Null when the chunks are not signed. */
  chunkSigning: ChunkSigning | null
  hasTrailer: boolean
}

/** What the signature of the first chunk is chained to. */
export interface ChunkSigning {
  signingKey: KeyObject
  date: string
  /** `day/region/service/aws4_request` */
  scope: string
  seedSignature: string
}

const STREAMING = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { isSigned: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { isSigned: true, hasTrailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { isSigned: false, hasTrailer: true },
} as const

const SHA256 = /^[0-9a-f]{64}$/i

/**
 * The payload that `value` (of x-amz-content-sha256) announces. `chunkSigning` is null when nothing seeds the chain, as in
 * an anonymous request: signed chunks are refused then, never taken for unsigned ones. Throws InvalidArgument.
 */
export function payloadOf(value: string, chunkSigning: ChunkSigning | null): Payload {
  if (value === 'UNSIGNED-PAYLOAD') return { framing: 'identity', sha256: null }
  if (SHA256.test(value)) return { framing: 'identity', sha256: value.toLowerCase() }
  if (!isStreaming(value)) {
    throw new StorageError('InvalidArgument', {
      message: `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${Object.keys(STREAMING).join(', ')}, or a valid sha256 value.`,
      extra: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
    })
  }
  const { isSigned, hasTrailer } = STREAMING[value]
  if (isSigned && chunkSigning === null) {
    throw new StorageError('AccessDenied', { message: 'Signed chunks need a signed request.' })
  }
  return { framing: 'aws-chunked', chunkSigning: isSigned ? chunkSigning : null, hasTrailer }
}

function isStreaming(value: string): value is keyof typeof STREAMING {
  return Object.hasOwn(STREAMING, value)
}
