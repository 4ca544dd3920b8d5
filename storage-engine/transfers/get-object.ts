import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { parseByteRange } from '#storage-engine/transfers/byte-range.ts'
import { contentHeaders } from '#storage-engine/transfers/content-headers.ts'
import type { TransferContext } from '#storage-engine/transfers/transfer-context.ts'

/** GET and HEAD of an object's bytes, whole or one range. Throws NoSuchKey, InvalidRange before anything is sent. */
export async function getObject(engine: Engine, context: TransferContext): Promise<void> {
  const { request, response, target, bucket, object } = context
  if (object === null) throw new StorageError('NoSuchKey')
  const headers = objectHeaders(context, object)
  if (isKnown(request.headers['if-none-match'], object.etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const ifRange = request.headers['if-range']
  const range = isRangeStale(typeof ifRange === 'string' ? ifRange : undefined, object.etag)
    ? null
    : parseByteRange(request.headers.range, object.size)
  const size = range === null ? object.size : range.end - range.start + 1
  const presented = {
    ...headers,
    ...contentHeaders({
      key: target.key,
      contentType: object.contentType,
      disposition: target.query.get('disposition') === 'inline' ? 'inline' : 'attachment',
    }),
    'content-length': size,
    ...(range === null ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
  }
  const status = range === null ? 200 : 206
  if (request.method === 'HEAD' || size === 0) {
    response.writeHead(status, presented).end()
    return
  }
  const chunks = readObject(engine, { bucket, object, range })[Symbol.asyncIterator]()
  // The first bytes are verified before a status is promised; what breaks later breaks the connection.
  const first = await chunks.next()
  response.writeHead(status, presented)
  await pipeline(Readable.from(withFirst(first, chunks), { objectMode: true, highWaterMark: 2 }), response)
}

function objectHeaders({ response }: TransferContext, object: ObjectVersion): Record<string, string> {
  response.setHeader('accept-ranges', 'bytes')
  return {
    etag: `"${object.etag}"`,
    'last-modified': object.lastModified.toUTCString(),
    // Kept by the browser, and asked for again each time: access may have been taken away.
    'cache-control': 'private, no-cache',
  }
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((candidate) => ['*', `"${etag}"`, `W/"${etag}"`].includes(candidate.trim()))
}

/** If-Range with another ETag: the client's beginning is of another object, so it gets all of this one. */
function isRangeStale(ifRange: string | undefined, etag: string): boolean {
  return ifRange !== undefined && ifRange !== `"${etag}"`
}

async function* withFirst(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
