import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Authentication } from '#storage-engine/auth/authenticate.ts'
import { createChunkVerifier } from '#storage-engine/auth/chunk-signature.ts'
import type { ChunkedPayload, IdentityPayload } from '#storage-engine/auth/payload.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { type Body, CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { createAwsChunkedDecoder } from '#storage-engine/s3/aws-chunked.ts'
import { integerHeader } from '#storage-engine/s3/request-headers.ts'
import type { StallWatch, Watched } from '#storage-engine/s3/stall-watch.ts'

const ALGORITHM_BY_TRAILER: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  CHECKSUM_ALGORITHMS.map((algorithm) => [`x-amz-checksum-${algorithm.toLowerCase()}`, algorithm]),
)

/** Only a body in chunks has these. */
const CHUNKED_HEADERS = ['x-amz-decoded-content-length', 'x-amz-trailer']

export interface OpenBodyInput {
  req: IncomingMessage
  /** Called before the first byte is read: sends 100 Continue to a client that waits for it. */
  onFirstRead(): void
  headers: Headers
  /** Proof that the request's signature holds, and how its body is framed. */
  authentication: Authentication
  stallWatch: StallWatch
}

/**
 * The body of a request whose sender is known. Throws InvalidArgument for malformed lengths, and InvalidRequest for a body in
 * chunks that is sent as a plain one: their framing would become content.
 */
export function openBody(input: OpenBodyInput): Body {
  const { payload } = input.authentication
  return payload.framing === 'identity' ? identityBody(input, payload) : chunkedBody(input, payload)
}

function identityBody(input: OpenBodyInput, { sha256 }: IdentityPayload): Body {
  const { headers } = input
  const chunked = CHUNKED_HEADERS.find((name) => headers.has(name))
  if (chunked !== undefined) {
    throw new StorageError('InvalidRequest', {
      message: `The header ${chunked} needs an x-amz-content-sha256 that begins with STREAMING-.`,
    })
  }
  const length = integerHeader(headers, 'content-length')
  const declaredSize = length ?? (headers.has('transfer-encoding') ? null : 0)
  return {
    declaredSize,
    givesChunksAway: true,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      const digest = sha256 === null ? null : createHash('sha256')
      if (declaredSize !== 0) await receive(input, digest === null ? sink : (chunk) => hashed(digest, chunk, sink))
      if (digest !== null && digest.digest('hex') !== sha256) throw new StorageError('XAmzContentSHA256Mismatch')
    },
  }
}

function hashed(digest: Hash, chunk: Buffer, sink: (chunk: Buffer) => void | Promise<void>): void | Promise<void> {
  digest.update(chunk)
  return sink(chunk)
}

function chunkedBody(input: OpenBodyInput, { chunkSigning, hasTrailer }: ChunkedPayload): Body {
  const declaredSize = integerHeader(input.headers, 'x-amz-decoded-content-length')
  const promised = promisedTrailers(input.headers)
  const trailingChecksums = new Map<ChecksumAlgorithm, string>()
  return {
    declaredSize,
    givesChunksAway: true,
    trailingChecksums,
    async drainTo(sink) {
      let size = 0
      const decoder = createAwsChunkedDecoder({
        verifier: chunkSigning === null ? null : createChunkVerifier(chunkSigning),
        hasTrailer,
        onData(chunk) {
          size += chunk.length
          if (declaredSize !== null && size > declaredSize) throw new StorageError('IncompleteBody')
          return sink(chunk)
        },
      })
      await receive(input, (bytes) => decoder.push(bytes))
      decoder.finish()
      if (declaredSize !== null && size !== declaredSize) throw new StorageError('IncompleteBody')
      takeTrailers(decoder.trailers, promised, trailingChecksums)
    },
  }
}

/** Lower-case names in x-amz-trailer. */
function promisedTrailers(headers: Headers): string[] {
  const names = headers.get('x-amz-trailer')
  return names === undefined ? [] : names.split(',').map((name) => name.trim().toLowerCase())
}

/** A trailer that was promised has to come, and none else may: it would be a checksum that nobody looks at. */
function takeTrailers(
  trailers: ReadonlyMap<string, string>,
  promised: string[],
  into: Map<ChecksumAlgorithm, string>,
): void {
  for (const name of promised) if (!trailers.has(name)) throw new StorageError('MalformedTrailerError')
  for (const [name, value] of trailers) {
    const algorithm = ALGORITHM_BY_TRAILER.get(name)
    if (!promised.includes(name)) throw new StorageError('MalformedTrailerError')
    if (algorithm !== undefined) into.set(algorithm, value)
  }
}

/**
 * Hands every chunk to `sink`, pausing the socket while it asks to wait. Plain events, because an async iterator costs
 * more than a small body is worth.
 */
function receive(input: OpenBodyInput, sink: (chunk: Buffer) => void | Promise<void>): Promise<void> {
  const { req, stallWatch } = input
  input.onFirstRead()
  return new Promise((resolve, reject) => {
    let isFinished = false
    /** Whether the sink is busy; the stream may end meanwhile, since pausing does not hold back an end that is known. */
    let isHeld = false
    let hasEnded = false
    const watched: Watched = {
      lastMove: stallWatch.tick,
      onStall: () => finish(new StorageError('RequestTimeout')),
    }
    const finish = (error: unknown) => {
      isFinished = true
      stallWatch.remove(watched)
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      if (error === undefined) {
        resolve()
        return
      }
      req.pause()
      reject(error)
    }
    const onEnd = () => {
      hasEnded = true
      if (!isHeld) finish(undefined)
    }
    const onClose = () => {
      if (!hasEnded) finish(new StorageError('IncompleteBody'))
    }
    const onData = (chunk: Buffer) => {
      watched.lastMove = stallWatch.tick
      try {
        const waiting = sink(chunk)
        if (waiting !== undefined) hold(waiting)
      } catch (error) {
        finish(error)
      }
    }
    const hold = (waiting: Promise<void>) => {
      req.pause()
      isHeld = true
      // The server is what is slow now, so the client is not stalling.
      stallWatch.remove(watched)
      waiting.then(() => {
        isHeld = false
        if (isFinished) return
        if (hasEnded) return finish(undefined)
        watched.lastMove = stallWatch.tick
        stallWatch.add(watched)
        req.resume()
      }, finish)
    }
    if (req.destroyed && !req.readableEnded) return onClose()
    stallWatch.add(watched)
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}
