import { createHash, type Hash } from 'node:crypto'
import type { ChunkVerifier } from '#storage-engine/auth/chunk-signature.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** A chunk header is at most 16 digits and a signature; a trailer line a checksum or a signature. */
const LINE_BYTES_MAX = 1024
const TRAILERS_MAX = 8
const CHUNK_HEADER = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/
const LF = 0x0a

type State = 'chunk-header' | 'chunk-data' | 'chunk-end' | 'trailer' | 'end'

export interface AwsChunkedInput {
  /** Null when the chunks are not signed; a signature is refused then as it is missed otherwise. */
  verifier: ChunkVerifier | null
  hasTrailer: boolean
  onData(chunk: Buffer): void | Promise<void>
}

export interface AwsChunkedDecoder {
  /** Takes bytes as they came. A promise means: wait before the next ones. Throws IncompleteBody, SignatureDoesNotMatch, MalformedTrailerError. */
  push(bytes: Buffer): void | Promise<void>
  /** Throws IncompleteBody unless the last chunk has come, trailer and all. */
  finish(): void
  /** By lower-case name; complete after `finish`. */
  readonly trailers: ReadonlyMap<string, string>
}

/**
 * Takes S3's own chunk framing off a body:
 * `<hex size>[;chunk-signature=<sig>]\r\n<bytes>\r\n … 0[;chunk-signature=<sig>]\r\n[trailer lines]\r\n`.
 * Data is handed on before its chunk's signature is known; the caller commits nothing before `finish`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export function createAwsChunkedDecoder(input: AwsChunkedInput): AwsChunkedDecoder {
  return new Decoder(input)
}

class Decoder implements AwsChunkedDecoder {
  readonly trailers = new Map<string, string>()
  readonly #input: AwsChunkedInput
  #state: State = 'chunk-header'
  /** Start of a line whose end has not come yet. */
  #line = ''
  #remaining = 0
  #isLast = false
  #signature = ''
  #hash: Hash | null = null
  #trailerLines = ''
  #trailerSignature: string | null = null
  #blankLineCount = 0

  constructor(input: AwsChunkedInput) {
    this.#input = input
  }

  push(bytes: Buffer): void | Promise<void> {
    let offset = 0
    while (offset < bytes.length) {
      if (this.#state !== 'chunk-data') {
        offset = this.#takeLine(bytes, offset)
        continue
      }
      const end = Math.min(offset + this.#remaining, bytes.length)
      const data = offset === 0 && end === bytes.length ? bytes : bytes.subarray(offset, end)
      offset = end
      const waiting = this.#takeData(data)
      if (waiting !== undefined) {
        if (offset === bytes.length) return waiting
        const rest = bytes.subarray(offset)
        return waiting.then(() => this.push(rest))
      }
    }
  }

  finish(): void {
    const isComplete = this.#state === 'end' || (this.#isLast && this.#state === 'chunk-end' && this.#line === '')
    if (!isComplete) throw new StorageError('IncompleteBody')
  }

  #takeData(data: Buffer): void | Promise<void> {
    this.#hash?.update(data)
    this.#remaining -= data.length
    if (this.#remaining === 0) {
      this.#verifyChunk()
      this.#state = 'chunk-end'
    }
    return this.#input.onData(data)
  }

  #takeLine(bytes: Buffer, offset: number): number {
    if (this.#state === 'end') throw malformedChunk()
    const at = bytes.indexOf(LF, offset)
    const end = at === -1 ? bytes.length : at + 1
    if (this.#line.length + end - offset > LINE_BYTES_MAX) throw malformedChunk()
    this.#line += bytes.toString('latin1', offset, end)
    if (at === -1) return end
    const line = this.#line
    this.#line = ''
    if (line.endsWith('\r\n')) this.#onLine(line.slice(0, -2))
    // minio-go ends a trailer with a bare line feed, as AWS's own example does.
    else if (this.#state === 'trailer') this.#onLine(line.slice(0, -1))
    else throw malformedChunk()
    return end
  }

  #onLine(line: string): void {
    if (this.#state === 'chunk-header') this.#startChunk(line)
    else if (this.#state === 'chunk-end') this.#endChunk(line)
    else this.#takeTrailer(line)
  }

  #startChunk(line: string): void {
    const fields = CHUNK_HEADER.exec(line)
    if (fields === null) throw malformedChunk()
    const { verifier, hasTrailer } = this.#input
    const signature = fields[2]
    if ((verifier === null) !== (signature === undefined)) throw new StorageError('SignatureDoesNotMatch')
    this.#signature = signature ?? ''
    this.#hash = verifier === null ? null : createHash('sha256')
    this.#remaining = Number.parseInt(fields[1] as string, 16)
    if (this.#remaining > 0) {
      this.#state = 'chunk-data'
      return
    }
    this.#verifyChunk()
    // Without trailers the last chunk ends like any other, with its empty line.
    this.#isLast = true
    this.#state = hasTrailer ? 'trailer' : 'chunk-end'
  }

  #endChunk(line: string): void {
    if (line !== '') throw malformedChunk()
    this.#state = this.#isLast ? 'end' : 'chunk-header'
  }

  #verifyChunk(): void {
    if (this.#hash !== null) this.#input.verifier?.verifyChunk(this.#signature, this.#hash.digest('hex'))
    this.#hash = null
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#takeBlankLine()
      return
    }
    const at = line.indexOf(':')
    const name = line.slice(0, at).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    if (at < 1 || this.trailers.has(name) || this.trailers.size >= TRAILERS_MAX) throw malformedTrailer()
    if (name === 'x-amz-trailer-signature') {
      if (this.#trailerSignature !== null) throw malformedTrailer()
      this.#trailerSignature = value
      return
    }
    // The signature covers every line before it, so it has to be the last one.
    if (this.#trailerSignature !== null) throw malformedTrailer()
    this.trailers.set(name, value)
    this.#trailerLines += `${name}:${value}\n`
  }

  #takeBlankLine(): void {
    const { verifier } = this.#input
    if (verifier === null) {
      this.#state = 'end'
    } else if (this.#trailerSignature !== null) {
      verifier.verifyTrailer(this.#trailerSignature, this.#trailerLines)
      this.#state = 'end'
    } else if (++this.#blankLineCount > 1) {
      // One empty line before the signature is minio-go's; more than that is a trailer without a signature.
      throw new StorageError('SignatureDoesNotMatch')
    }
  }
}

function malformedChunk(): StorageError {
  return new StorageError('IncompleteBody', { message: 'The request body is not well-formed aws-chunked data.' })
}

function malformedTrailer(): StorageError {
  return new StorageError('MalformedTrailerError')
}
