import type { ServerResponse } from 'node:http'
import { giveBack } from '#storage-engine/given-memory.ts'
import type { StallWatch, Watched } from '#storage-engine/s3/stall-watch.ts'

/** What an operation answers; the handler writes it. */
export interface S3Response {
  status: number
  /** Name, value, name, value…, one character a byte. */
  headers: string[]
  /** Null is no body at all. A buffer must be nobody else's: its memory is given back once it has left. */
  body: string | Buffer | StreamedBody | null
}

export interface StreamedBody {
  /** Exactly so many bytes follow, in chunks that are nobody else's, as a whole body is. */
  size: number
  chunks: AsyncIterator<Buffer>
}

/** A response that is at hand and goes out at once. */
export interface WholeResponse extends S3Response {
  body: string | Buffer | null
}

export const XML_TYPE = 'application/xml'

export function xmlResponse(xml: string, headers: string[] = []): S3Response {
  return { status: 200, headers: ['Content-Type', XML_TYPE, ...headers], body: xml }
}

export function emptyResponse(status: number, headers: string[] = []): S3Response {
  return { status, headers, body: null }
}

/**
 * Writes a response. Of a stream the first chunk is read before the status is sent, so that a failure until then is still
 * an honest error. Throws what the stream throws.
 */
export function sendResponse(
  res: ServerResponse,
  { status, headers, body }: S3Response,
  stallWatch: StallWatch,
): void | Promise<void> {
  if (body === null || typeof body === 'string' || Buffer.isBuffer(body)) sendWhole(res, { status, headers, body })
  else return sendStream(res, { status, headers, ...body }, stallWatch)
}

/** Writes a response with one `writeHead` and one `end`, which leave as one packet. */
export function sendWhole(res: ServerResponse, { status, headers, body }: WholeResponse): void {
  // A 204 and a 304 have no Content-Length; a HEAD brings its own.
  if (body !== null) headers.push('Content-Length', String(Buffer.byteLength(body)))
  else if (status !== 204 && status !== 304 && !hasLength(headers)) headers.push('Content-Length', '0')
  res.writeHead(status, headers)
  if (body === null) res.end()
  else if (typeof body === 'string') res.end(body)
  else res.end(body, () => giveBack(body))
}

function hasLength(headers: string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === 'Content-Length') return true
  return false
}

async function sendStream(
  res: ServerResponse,
  { status, headers, size, chunks }: { status: number; headers: string[]; size: number; chunks: AsyncIterator<Buffer> },
  stallWatch: StallWatch,
): Promise<void> {
  let next = await chunks.next()
  headers.push('Content-Length', String(size))
  res.writeHead(status, headers)
  if (next.done !== true && next.value.length === size) {
    const { value } = next
    res.end(value, () => giveBack(value))
    return
  }
  const watched: Watched = { lastMove: stallWatch.tick, onStall: () => res.destroy() }
  stallWatch.add(watched)
  try {
    while (next.done !== true && !res.destroyed) {
      watched.lastMove = stallWatch.tick
      const { value } = next
      if (!res.write(value, () => giveBack(value))) await drained(res)
      next = await chunks.next()
    }
    res.end()
  } finally {
    stallWatch.remove(watched)
    await chunks.return?.()
  }
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done)
      resolve()
    }
    if (res.destroyed) return done()
    res.on('drain', done).on('close', done)
  })
}
