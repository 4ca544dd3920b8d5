import { StorageError } from '#storage-engine/errors.ts'
import { corsHeaders } from '#storage-engine/s3/cors.ts'
import { type ErrorContext, errorResponse } from '#storage-engine/s3/error-response.ts'
import type { Exchange } from '#storage-engine/s3/handler.ts'
import { type S3Response, sendResponse, sendWhole, type WholeResponse } from '#storage-engine/s3/s3-response.ts'

/** An unread body of at most this size is read and dropped, so that its connection stays usable. */
const DROPPED_BODY_BYTES_MAX = 65_536
/** Before a connection with a longer unread body is closed, so much of it is read that the client sees the answer. */
const LINGER_BYTES_MAX = 1024 ** 2
const LINGER_MS_MAX = 2_000

/** Sends what an operation answered. Throws what its stream throws. */
export function respond(exchange: Exchange, response: S3Response): void | Promise<void> {
  response.headers.push(...identityHeaders(exchange))
  return sendResponse(exchange.res, exchange.log.counted(response), exchange.gateway.stallWatch)
}

/**
 * Sends an error, or breaks the connection when a status is out already: a short body must never look complete.
 * `render` makes it an answer: S3's XML, unless it is for people.
 */
export function respondWithError(
  exchange: Exchange,
  error: unknown,
  render: (error: unknown, context: ErrorContext) => WholeResponse = errorResponse,
): void {
  const { req, res, log } = exchange
  logError(exchange, error)
  log.setError(error)
  if (res.headersSent) {
    res.destroy()
    return
  }
  if (res.destroyed) return
  const response = render(error, contextOf(exchange))
  // Nobody is charged for what was denied.
  response.headers.push(...identityHeaders(exchange, { isCharged: response.status !== 403 }))
  log.counted(response)
  const isStalled = error instanceof StorageError && error.code === 'RequestTimeout'
  if (req.complete || (isSmallBody(exchange) && !isStalled)) {
    sendWhole(res, response)
    return
  }
  if (!exchange.gateway.isDraining) response.headers.push('Connection', 'close')
  if (!exchange.awaitsContinue) sendAndLinger(exchange, response)
  else sendWhole(res, response)
}

/** x-amz-request-id and x-amz-id-2, which every response has, and what a bucket's settings add to each. */
export function identityHeaders(exchange: Exchange, { isCharged = true } = {}): string[] {
  const { requestId, gateway, req, headers: asked, bucket } = exchange
  const headers = ['x-amz-request-id', requestId, 'x-amz-id-2', gateway.hostId, 'Server', 'Sceau']
  if (gateway.isDraining) headers.push('Connection', 'close')
  if (bucket === null || asked === null) return headers
  const { cors, payer } = bucket.settings
  if (cors !== undefined) headers.push(...corsHeaders(cors, { method: req.method ?? '', headers: asked }))
  if (isCharged && payer === 'Requester' && asked.get('x-amz-request-payer')?.toLowerCase() === 'requester') {
    headers.push('x-amz-request-charged', 'requester')
  }
  return headers
}

export function contextOf({ req, requestId, gateway }: Exchange): ErrorContext {
  const url = req.url ?? ''
  const at = url.indexOf('?')
  return { method: req.method ?? '', resource: at === -1 ? url : url.slice(0, at), requestId, hostId: gateway.hostId }
}

/** The client's mistakes are its own affair; ours are told with the request id, by which a report finds them. */
export function logError({ gateway, requestId, req }: Exchange, error: unknown): void {
  const { log } = gateway.engine
  if (error instanceof StorageError && error.status < 500) return
  if (error instanceof StorageError && error.code === 'NotImplemented') return
  const isOurs = !(error instanceof StorageError) || error.code === 'InternalError'
  const fields = { requestId, method: req.method, err: error }
  if (isOurs) log.error(fields, 'request failed')
  else log.warn(fields, 'request refused')
}

function isSmallBody({ req, awaitsContinue }: Exchange): boolean {
  const length = req.headers['content-length']
  return !awaitsContinue && length !== undefined && Number(length) <= DROPPED_BODY_BYTES_MAX
}

/**
 * Closing with unread bytes would reset the connection, and the answer could be lost before the client has read it: so the
 * answer goes out whole, and what still comes is dropped for a moment.
 */
function sendAndLinger({ req, res }: Exchange, { status, headers, body }: WholeResponse): void {
  const text = body ?? ''
  if (text !== '') headers.push('Content-Length', String(Buffer.byteLength(text)))
  res.writeHead(status, headers)
  if (text === '') res.flushHeaders()
  else res.write(text)
  let dropped = 0
  const finish = () => {
    clearTimeout(timer)
    req.off('data', drop).off('end', finish).off('close', finish)
    res.end()
  }
  const drop = (chunk: Buffer) => {
    dropped += chunk.length
    if (dropped > LINGER_BYTES_MAX) finish()
  }
  const timer = setTimeout(finish, LINGER_MS_MAX)
  req.on('data', drop).on('end', finish).on('close', finish).resume()
}
