import http from 'node:http'
import https from 'node:https'

const REPLY_BYTES_MAX = 65_536
const TIMEOUT_MS = 5_000
const SOCKETS_MAX = 16
/** The connection was ended under the request: mostly one that was kept for too long. */
const RESET_CODES = ['ECONNRESET', 'EPIPE']

export interface KeyServiceRequest {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  /** Empty for none. */
  body: string
}

export interface KeyServiceReply {
  status: number
  /** Null when the reply is no JSON. */
  json: unknown
}

export type KeyServiceClient = (request: KeyServiceRequest) => Promise<KeyServiceReply>

/**
 * Asks a key service. Each request has 5 s and a reply of at most 64 KiB, is repeated once when the connection was reset,
 * and follows no redirect. `ca`: PEM of the only authorities to trust; null for those of the system.
 * Rejects when there is no reply, with words that hold nothing of the request.
 */
export function createKeyServiceClient(input: { ca: string | null; timeoutMs?: number }): KeyServiceClient {
  const { ca, timeoutMs = TIMEOUT_MS } = input
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX }
  const agents = {
    'http:': new http.Agent(options),
    'https:': new https.Agent(ca === null ? options : { ...options, ca }),
  }

  async function ask(request: KeyServiceRequest): Promise<KeyServiceReply> {
    const agent = request.url.protocol === 'http:' ? agents['http:'] : agents['https:']
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await send(request, { agent, signal })
    } catch (cause) {
      if (!signal.aborted) throw cause
      throw new Error(`${request.url.host} did not answer within ${timeoutMs} ms`, { cause })
    }
  }

  return async (request) => {
    try {
      return await ask(request)
    } catch (error) {
      if (!RESET_CODES.includes(String((error as NodeJS.ErrnoException).code))) throw error
      return ask(request)
    }
  }
}

function send(
  { method, url, headers, body }: KeyServiceRequest,
  options: { agent: http.Agent; signal: AbortSignal },
): Promise<KeyServiceReply> {
  const { request } = url.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body)
    const req = request(url, { ...options, method, headers: { ...headers, 'content-length': length } }, (res) => {
      readReply(res).then(resolve, (error) => {
        res.destroy()
        reject(error)
      })
    })
    req.on('error', reject)
    req.end(body)
  })
}

async function readReply(res: http.IncomingMessage): Promise<KeyServiceReply> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of res as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > REPLY_BYTES_MAX) throw new Error(`the reply is larger than ${REPLY_BYTES_MAX} bytes`)
    pieces.push(piece)
  }
  return { status: res.statusCode ?? 0, json: parseJson(Buffer.concat(pieces).toString('utf8')) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A service's own words, for the log of an administrator: bounded and without control characters. */
export function quoteReply(text: unknown): string {
  return typeof text === 'string' ? text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200) : 'no reason given'
}
