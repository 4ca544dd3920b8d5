import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { QueryApi } from '#storage-engine/query-api.ts'
import { errorResponse } from '#storage-engine/s3/error-response.ts'
import { createGateway, type Gateway } from '#storage-engine/s3/gateway.ts'
import { handle, openExchange } from '#storage-engine/s3/handler.ts'
import { serveWebsite } from '#storage-engine/s3/website.ts'
import { websiteBucketOf } from '#storage-engine/s3/website-routing.ts'
import { listenTls } from '#storage-engine/tls-listener.ts'

/** Longer than the idle time after which SDKs and load balancers drop a connection themselves. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000
const HEADERS_TIMEOUT_MS = 20_000
const HANDSHAKE_TIMEOUT_MS = 20_000
export const HEADER_BYTES_MAX = 16_384
const STALL_TIMEOUT_MS = 30_000
/** Well below the minute after which most clients and proxies give up. */
const WHITE_SPACE_INTERVAL_MS = 10_000
/** How long a gateway keeps records of access logs to itself. */
const ACCESS_LOG_INTERVAL_MS = 1_000
/** A socket on which nothing at all happens for so long is dead, whatever state its request is in. */
const SOCKET_TIMEOUT_MS = 300_000
/** What is under way at the end gets so long to finish. */
const DRAIN_TIMEOUT_MS = 20_000
const IDLE_SWEEP_MS = 50

export interface S3ServerInput {
  engine: Engine
  /** cert, key, minVersion, ciphers… as node:tls takes them. */
  tls: ServerOptions
  /** 0 takes any free port. */
  port: number
  host: string
  /** Replaces the defaults, in tests. */
  timeouts?: {
    stallTimeoutMs?: number
    whiteSpaceIntervalMs?: number
    drainTimeoutMs?: number
    accessLogIntervalMs?: number
  }
  /** Milliseconds since the epoch; the system's clock by default. */
  now?: () => number
  /** What else is reached on this port. */
  queryApi?: QueryApi
}

export interface S3Server {
  port: number
  /** Serves new connections with another certificate. */
  setSecureContext(tls: SecureContextOptions): void
  /** Takes no more connections, lets requests finish for up to 20 s, then closes the rest. */
  close(): Promise<void>
}

/**
 * Serves S3 over HTTPS, also in a cluster worker. Plain HTTP is told so and not served. Rejects when the port cannot be had.
 */
export async function startS3Server(input: S3ServerInput): Promise<S3Server> {
  const { engine, tls, port, host, timeouts = {}, now = Date.now } = input
  const gateway = createGateway(engine, {
    stallTimeoutMs: timeouts.stallTimeoutMs ?? STALL_TIMEOUT_MS,
    accessLogIntervalMs: timeouts.accessLogIntervalMs ?? ACCESS_LOG_INTERVAL_MS,
    whiteSpaceIntervalMs: timeouts.whiteSpaceIntervalMs ?? WHITE_SPACE_INTERVAL_MS,
    now,
  })
  const server = createHttpsServer(gateway, { tls, queryApi: input.queryApi ?? null })
  return {
    port: await listenTls({ server, port, host, isShared: true }),
    setSecureContext: (next) => server.setSecureContext(next),
    async close() {
      gateway.isDraining = true
      await drain(server, timeouts.drainTimeoutMs ?? DRAIN_TIMEOUT_MS)
      gateway.stallWatch.close()
      await gateway.keyUses.close()
      await gateway.accessLog.close()
    },
  }
}

function createHttpsServer(
  gateway: Gateway,
  { tls, queryApi }: { tls: ServerOptions; queryApi: QueryApi | null },
): Server {
  const server = createServer({
    ...tls,
    insecureHTTPParser: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // Bodies may take hours; the stall watch looks after them instead.
    requestTimeout: 0,
    noDelay: true,
    requireHostHeader: true,
  })
  // A header beyond Node's limit of 2,000 would be dropped without a word, and its signature with it.
  server.maxHeadersCount = 0
  server.timeout = SOCKET_TIMEOUT_MS
  const serve = (req: IncomingMessage, res: ServerResponse, awaitsContinue: boolean): Promise<void> => {
    if (queryApi === null || !queryApi.takes(req)) {
      const exchange = openExchange(gateway, { req, res, awaitsContinue })
      // A bucket's website has a host of its own.
      const bucketName = websiteBucketOf(req.headers.host ?? '', gateway.engine.config)
      return bucketName === null ? handle(exchange) : serveWebsite(exchange, bucketName)
    }
    const requestId = gateway.newRequestId()
    const { isDraining, keyUses } = gateway
    return queryApi.handle({ req, res, requestId, awaitsContinue, isDraining, noteKeyUse: keyUses.note })
  }
  server.on('request', (req, res) => void serve(req, res, false))
  // The body reader sends 100 Continue when an operation starts to read, which is after authorization.
  server.on('checkContinue', (req, res) => void serve(req, res, true))
  // S3 reads past an expectation that it does not know; Node by itself would answer 417.
  server.on('checkExpectation', (req, res) => void serve(req, res, false))
  server.on('clientError', (error, socket) => refuse(gateway, error, socket))
  return server
}

/** What Node says of a request that it could not read. */
interface ClientError extends Error {
  code?: string
  /** What was read last: the beginning of the request, unless that came in several pieces. */
  rawPacket?: Buffer
}

/** What is no HTTP request at all still gets an answer that an S3 client can read. */
function refuse(gateway: Gateway, error: ClientError, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const requestId = gateway.newRequestId()
  const { hostId } = gateway
  const method = error.rawPacket?.toString('latin1', 0, 'HEAD '.length) === 'HEAD ' ? 'HEAD' : ''
  const { status, body } = errorResponse(storageErrorOf(error), { method, resource: '', requestId, hostId })
  const text = String(body ?? '')
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/xml',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `x-amz-request-id: ${requestId}`,
    `x-amz-id-2: ${hostId}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}

function storageErrorOf(error: ClientError): StorageError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new StorageError('RequestHeaderSectionTooLarge', { extra: { MaxSizeAllowed: String(HEADER_BYTES_MAX) } })
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new StorageError('RequestTimeout')
  return new StorageError('InvalidRequest', { message: 'The request is not well-formed HTTP.', cause: error })
}

/** Idle connections end at once; the others when their answer is out, or at the deadline. */
async function drain(server: Server, timeoutMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs)
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(deadline)
  clearInterval(sweep)
}
