import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import type { TestCaller, TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

export interface RawRequest {
  method: string
  /** Path and query exactly as they go over the wire; the query's parameters in any order. */
  target: string
  headers?: Record<string, string>
  body?: Buffer | string
  /** Nobody when null. */
  as?: TestCaller | null
  /** Value of x-amz-content-sha256; the body's own hash by default. */
  payloadHash?: string
  /** Changes the headers after they were signed. */
  tamper?(headers: Record<string, string>): void
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
  /** Content of `<Code>`, '' when there is none. */
  code: string
}

/** A signer written for the tests from AWS's description alone, so that the product's own code does not judge itself. */
export async function sendSigned(gateway: TestGateway, request: RawRequest): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const caller = request.as === undefined ? 'root' : request.as
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, ...request.headers }
  if (body.length > 0 && headers['transfer-encoding'] === undefined) headers['content-length'] ??= String(body.length)
  if (request.method === 'PUT') headers['content-length'] ??= String(body.length)
  if (caller !== null) {
    const payloadHash = request.payloadHash ?? sha256(body)
    const { headers: signed } = signHeaders({
      ...request,
      headers,
      payloadHash,
      credentials: gateway.credentials[caller],
    })
    Object.assign(headers, signed)
  }
  request.tamper?.(headers)
  return sendRaw(gateway, { method: request.method, target: request.target, headers, body })
}

export interface SignInput {
  method: string
  target: string
  headers: Record<string, string>
  payloadHash: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  date?: string
  region?: string
  /** `s3` by default. */
  service?: 's3' | 'iam' | 'sts' | 'kms'
}

export interface Signed {
  headers: Record<string, string>
  signature: string
  signingKey: Buffer
  scope: string
  date: string
}

export function signHeaders(input: SignInput): Signed {
  const { method, target, payloadHash, credentials, region = 'us-east-1', service = 's3' } = input
  const date = input.date ?? amzDate(new Date())
  const headers: Record<string, string> = { ...input.headers, 'x-amz-date': date, 'x-amz-content-sha256': payloadHash }
  const names = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => name !== 'expect' && name !== 'transfer-encoding')
    .sort()
  const [path, query = ''] = target.split('?')
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonical = [method, path, canonicalQuery(query), lines, names.join(';'), payloadHash].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  const { signature, signingKey } = sign({ canonical, date, scope, secret: credentials.secretAccessKey })
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { headers: { ...headers, authorization }, signature, signingKey, scope, date }
}

/** The target with the parameters of a presigned URL. */
export function presign(input: Omit<SignInput, 'payloadHash'> & { expiresSeconds: number }): string {
  const { method, target, headers, credentials, region = 'us-east-1' } = input
  const date = input.date ?? amzDate(new Date())
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const names = Object.keys(headers).sort()
  const parameters = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${credentials.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${date}`,
    `X-Amz-Expires=${input.expiresSeconds}`,
    `X-Amz-SignedHeaders=${encodeURIComponent(names.join(';'))}`,
  ]
  const [path, query] = target.split('?')
  const all = [...(query ? [query] : []), ...parameters].join('&')
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonical = [method, path, canonicalQuery(all), lines, names.join(';'), 'UNSIGNED-PAYLOAD'].join('\n')
  const { signature } = sign({ canonical, date, scope, secret: credentials.secretAccessKey })
  return `${path}?${all}&X-Amz-Signature=${signature}`
}

export interface ChunkedBodyInput {
  seed: Signed
  chunks: Buffer[]
  /** Null: the body ends without a trailer. */
  trailer: { name: string; value: string } | null
  isSigned: boolean
}

/** Frames chunks as aws-chunked does. */
export function frameChunks({ seed, chunks, trailer, isSigned }: ChunkedBodyInput): Buffer {
  let previous = seed.signature
  const chain = (kind: string, digests: string) => {
    previous = hmac(seed.signingKey, [kind, seed.date, seed.scope, previous, digests].join('\n')).toString('hex')
    return previous
  }
  const framed = [...chunks, Buffer.alloc(0)].map((chunk) => {
    const signature = isSigned
      ? `;chunk-signature=${chain('AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${sha256(chunk)}`)}`
      : ''
    const end = chunk.length > 0 || trailer === null ? '\r\n' : ''
    return Buffer.concat([Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`), chunk, Buffer.from(end)])
  })
  if (trailer !== null) {
    const signature = isSigned ? chain('AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer.name}:${trailer.value}\n`)) : null
    const last = signature === null ? '' : `x-amz-trailer-signature:${signature}\r\n`
    framed.push(Buffer.from(`${trailer.name}:${trailer.value}\r\n${last}\r\n`))
  }
  return Buffer.concat(framed)
}

/** Sends headers and body as they are; resolves once the answer is complete. */
export function sendRaw(
  gateway: Pick<TestGateway, 'port' | 'agent'>,
  request: { method: string; target: string; headers: Record<string, string>; body: Buffer },
): Promise<RawAnswer> {
  const { method, target, headers, body } = request
  return new Promise((resolve, reject) => {
    const options = {
      method,
      path: target,
      headers,
      agent: gateway.agent,
      host: '127.0.0.1',
      port: gateway.port,
      setHost: false,
      servername: 'localhost',
    }
    const req = https.request(options, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      res.on('end', () => {
        const content = Buffer.concat(chunks)
        const text = content.toString('utf8')
        const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: content, text, code })
      })
    })
    req.on('error', reject)
    req.end(body)
  })
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

export function amzDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs = query.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`))
  return pairs.sort((a, b) => (a < b ? -1 : 1)).join('&')
}

function sign(input: { canonical: string; date: string; scope: string; secret: string }): {
  signature: string
  signingKey: Buffer
} {
  const start: Buffer = Buffer.from(`AWS4${input.secret}`)
  const signingKey = input.scope.split('/').reduce((key, part) => hmac(key, part), start)
  const text = ['AWS4-HMAC-SHA256', input.date, input.scope, sha256(input.canonical)].join('\n')
  return { signature: hmac(signingKey, text).toString('hex'), signingKey }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
