import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { type Credentials, canonicalQuery, createSigner, encodePath } from '#e2e/signature.ts'

/**
 * What a client may conclude from an answer: `ok` it happened, `no` it did not, `maybe` nobody can tell
 * (time-out, reset, 5xx).
 */
export type Outcome = 'ok' | 'no' | 'maybe'

export interface S3Answer {
  outcome: Outcome
  /** 0 when no whole answer came. */
  status: number
  /** S3's error code, `''` when there is none, or the socket's own. */
  code: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface S3Call {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  bucket?: string
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Buffer
  /** How the body travels; `chunked` is aws-chunked with signed chunks. */
  payload?: 'unsigned' | 'chunked'
  /** Cuts the connection once this many bytes of the body are sent. */
  cutAfterBytes?: number
}

export interface S3Client {
  /** Never rejects: every failure is an answer with an outcome. */
  call(input: S3Call): Promise<S3Answer>
  close(): void
}

/** Where an S3 service answers, and as whom to ask. */
export interface S3Service {
  endpoint: string
  caFile: string
  credentials: Credentials
}

export interface S3ClientOptions extends S3Service {
  timeoutMs?: number
  connectionsMax?: number
}

const STREAMING_PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
const CHUNK_BYTES = 65_536

/** A lean S3 client in path style over https with keep-alive, which tells certain outcomes from uncertain ones. */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { hostname, port, host } = new URL(options.endpoint)
  const agent = new Agent({
    keepAlive: true,
    maxSockets: options.connectionsMax ?? 64,
    ca: readFileSync(options.caFile),
  })
  const signer = createSigner(options.credentials)
  const timeoutMs = options.timeoutMs ?? 30_000

  function call(input: S3Call): Promise<S3Answer> {
    const path = encodePath(input.bucket ?? null, input.key ?? null)
    const query = input.query ?? {}
    const body = input.body ?? Buffer.alloc(0)
    const streaming = input.payload === 'chunked'
    const headers = signer.sign({
      method: input.method,
      path,
      query,
      headers: {
        host,
        ...input.headers,
        ...(streaming && {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': String(body.length),
        }),
      },
      payloadHash: streaming ? STREAMING_PAYLOAD : 'UNSIGNED-PAYLOAD',
    })
    const wire = streaming ? signer.signChunks({ body, chunkBytes: CHUNK_BYTES, headers }) : body
    headers['content-length'] = String(wire.length)
    const search = canonicalQuery(query)
    return exchange({
      request: { agent, hostname, port, method: input.method, path: search ? `${path}?${search}` : path, headers },
      wire: input.cutAfterBytes === undefined ? wire : wire.subarray(0, input.cutAfterBytes),
      cut: input.cutAfterBytes !== undefined,
      timeoutMs,
    })
  }

  return { call, close: () => agent.destroy() }
}

interface Exchange {
  request: {
    agent: Agent
    hostname: string
    port: string
    method: string
    path: string
    headers: Record<string, string>
  }
  wire: Buffer
  cut: boolean
  timeoutMs: number
}

function exchange({ request, wire, cut, timeoutMs }: Exchange): Promise<S3Answer> {
  return new Promise((resolve) => {
    const lost = (code: string) => resolve({ outcome: 'maybe', status: 0, code, headers: {}, body: Buffer.alloc(0) })
    const req = httpsRequest(request, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', (error: NodeJS.ErrnoException) => lost(error.code ?? error.message))
      res.on('close', () => {
        clearTimeout(timer)
        if (!res.complete) return lost('IncompleteAnswer')
        const body = Buffer.concat(chunks)
        const status = res.statusCode ?? 0
        const code = errorCodeOf(body)
        resolve({ outcome: outcomeOf(status, code), status, code, headers: res.headers, body })
      })
    })
    const timer = setTimeout(() => req.destroy(new Error('ClientTimeout')), timeoutMs)
    req.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      lost(error.code ?? error.message)
    })
    if (!cut) {
      req.end(wire)
      return
    }
    req.write(wire, () => setTimeout(() => req.destroy(new Error('CutByClient')), 50))
  })
}

/** A long Complete or Copy answers 200 early and may still carry an error inside. */
function outcomeOf(status: number, code: string): Outcome {
  if (status >= 200 && status < 300) {
    if (code === '') return 'ok'
    return ['InternalError', 'ServiceUnavailable', 'SlowDown'].includes(code) ? 'maybe' : 'no'
  }
  if (status === 304 || (status >= 400 && status < 500)) return 'no'
  return 'maybe'
}

function errorCodeOf(body: Buffer): string {
  if (body.length > 65_536) return ''
  return /^\s*(?:<\?xml[^>]*\?>)?\s*<Error[ >][\s\S]*?<Code>([^<]+)<\/Code>/.exec(body.toString())?.[1] ?? ''
}
