import type { IncomingMessage } from 'node:http'
import type { Body } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** What a browser sends: plain bytes of a declared length. Throws MissingContentLength. */
export function requestBody(request: IncomingMessage): Body {
  const header = request.headers['content-length']
  if (header === undefined) throw new StorageError('MissingContentLength')
  const declaredSize = Number(header)
  return {
    declaredSize,
    givesChunksAway: true,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      let size = 0
      for await (const chunk of chunksOf(request)) {
        size += chunk.length
        await sink(chunk)
      }
      if (size !== declaredSize) throw new StorageError('IncompleteBody')
    },
  }
}

/** The whole body, parsed as JSON. Throws MaxMessageLengthExceeded over `bytesMax`, InvalidRequest when it is not JSON. */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new StorageError('InvalidRequest', { message: 'Send application/json.' })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of chunksOf(request)) {
    size += chunk.length
    if (size > bytesMax) throw new StorageError('MaxMessageLengthExceeded')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new StorageError('InvalidRequest', { message: 'The body is not JSON.', cause })
  }
}

/** A connection that breaks off in the middle is the client's doing: IncompleteBody. */
async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  const iterator: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false })
  while (true) {
    const next = await iterator.next().catch((cause: unknown) => {
      throw new StorageError('IncompleteBody', { cause })
    })
    if (next.done) return
    yield next.value
  }
}
