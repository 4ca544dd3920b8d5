import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { trustedProxiesOf } from '#storage-engine/auth/client-address.ts'
import { cleanHeaders, isFromConsole, securityHeaders } from '#storage-engine/console-request.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import type { TlsOptions } from '#storage-engine/tls.ts'
import { handleTransfer } from '#storage-engine/transfers/handle-transfer.ts'
import { TRANSFER_PATH_PREFIX } from '#storage-engine/transfers/transfer-target.ts'

const HEADERS_TIMEOUT_MS = 20_000
const HEADER_BYTES_MAX = 16_384
/** A connection on which nothing moves for this long is closed. */
const SILENCE_TIMEOUT_MS = 120_000
const KEEP_ALIVE_MS = 65_000

export interface ConsoleServerInput {
  engine: Engine
  tls: TlsOptions
  /** Answers whatever is not a transfer: pages and JSON routes. */
  serveNext: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/**
 * The console's own HTTPS server: every request gets an id, loses the headers that only insiders may set, and is refused
 * when it would change something without coming from the console's pages. Then `/_data` goes to the transfers door, before
 * Next, which would buffer large bodies; the rest goes to Next.
 */
export function createConsoleServer({ engine, tls, serveNext }: ConsoleServerInput): Server {
  const options = {
    ...tls,
    headersTimeout: HEADERS_TIMEOUT_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A large upload over a slow line takes as long as it takes; silence is what is bounded.
    requestTimeout: 0,
  }
  const server = createServer(options, (request, response) => {
    void serve(request, response).catch((error: unknown) => {
      engine.log.error({ err: error }, 'request failed')
      response.destroy()
    })
  })
  server.timeout = SILENCE_TIMEOUT_MS
  const trustedProxies = trustedProxiesOf(engine.config.trustedProxies)

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = newId()
    cleanHeaders(request, { requestId, trustedProxies })
    for (const [name, value] of Object.entries(securityHeaders(request, requestId))) response.setHeader(name, value)
    if (!isFromConsole(request)) return refuse(response, requestId)
    if (request.url?.startsWith(TRANSFER_PATH_PREFIX)) {
      return handleTransfer(engine, { request, response, requestId })
    }
    return serveNext(request, response)
  }
  return server
}

function refuse(response: ServerResponse, requestId: string): void {
  const { code, status, message } = new StorageError('CrossSiteRequest')
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ error: { code, message, requestId } }))
}
