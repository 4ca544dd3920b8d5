import { crc32 } from 'node:zlib'
import { doIam, fieldOf } from '#storage-engine/testing/iam-request.ts'
import {
  amzDate,
  frameChunks,
  presign,
  type RawAnswer,
  type RawRequest,
  sendRaw,
  sha256,
  signHeaders,
} from '#storage-engine/testing/signed-request.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'
import type { TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** What is wrong with a request that is otherwise sent as a client would send it. */
export interface Forgery {
  /** In place of the root user's. */
  accessKeyId?: string
  secretAccessKey?: string
  /** Milliseconds by which the clock of the signer is wrong. */
  clockShift?: number
  /** Of the signer; another one than is sent. */
  method?: string
  /** Changes what was signed, after it was signed. */
  tamper?(sent: { target: string; headers: Record<string, string> }): void
}

interface Sent {
  method: string
  target: string
  headers: Record<string, string>
  body: Buffer
}

/** A way to say who one is and to vouch for a body. */
export interface CredentialMode {
  name: string
  /** Signs by the root user's key, but for the forgery, and sends. */
  send(gateway: TestGateway, request: RawRequest, forgery: Forgery): Promise<RawAnswer>
  /** Where the signature stands, so that it can be spoilt. */
  signaturePlace: 'authorization' | 'query'
}

const TRAILER = { name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }

/** The framings of a body under a signature of version 4 in the header. */
const HEADER_FRAMINGS = [
  'hashed',
  'UNSIGNED-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
] as const
type Framing = (typeof HEADER_FRAMINGS)[number]

export const CREDENTIAL_MODES: CredentialMode[] = [
  ...HEADER_FRAMINGS.map(
    (framing): CredentialMode => ({
      name: `SigV4 in the header, ${framing}`,
      signaturePlace: 'authorization',
      send: (gateway, request, forgery) =>
        finish(gateway, forgery, request, signHeader(gateway, request, { framing, forgery })),
    }),
  ),
  {
    name: 'SigV4 in the query',
    signaturePlace: 'query',
    send: (gateway, request, forgery) => finish(gateway, forgery, request, signQuery(gateway, request, forgery)),
  },
  {
    name: 'SigV2 in the header',
    signaturePlace: 'authorization',
    send: (gateway, request, forgery) => finish(gateway, forgery, request, signHeaderV2(gateway, request, forgery)),
  },
  {
    name: 'SigV2 in the query',
    signaturePlace: 'query',
    send: (gateway, request, forgery) => finish(gateway, forgery, request, signQueryV2(gateway, request, forgery)),
  },
  {
    name: 'SigV4 in the header, with a session token',
    signaturePlace: 'authorization',
    async send(gateway, request, forgery) {
      const signed = await signWithSession(gateway, request, { forgery, place: 'header' })
      return finish(gateway, forgery, request, signed)
    },
  },
  {
    name: 'SigV4 in the query, with a session token',
    signaturePlace: 'query',
    async send(gateway, request, forgery) {
      const signed = await signWithSession(gateway, request, { forgery, place: 'query' })
      return finish(gateway, forgery, request, signed)
    },
  },
]

/** Temporary credentials of the root user, asked for once a gateway. */
interface Session {
  accessKeyId: string
  secretAccessKey: string
  token: string
}

const sessions = new WeakMap<TestGateway, Promise<Session>>()

function sessionOf(gateway: TestGateway): Promise<Session> {
  const known = sessions.get(gateway)
  if (known !== undefined) return known
  const session = openSession(gateway)
  sessions.set(gateway, session)
  return session
}

async function openSession(gateway: TestGateway): Promise<Session> {
  const answer = await doIam(gateway, { action: 'GetSessionToken' })
  return {
    accessKeyId: fieldOf(answer, 'AccessKeyId'),
    secretAccessKey: fieldOf(answer, 'SecretAccessKey'),
    token: fieldOf(answer, 'SessionToken'),
  }
}

async function signWithSession(
  gateway: TestGateway,
  request: RawRequest,
  { forgery, place }: { forgery: Forgery; place: 'header' | 'query' },
): Promise<Sent> {
  const { token, ...credentials } = await sessionOf(gateway)
  const signer = { ...credentials, ...forgery }
  if (place === 'header') {
    const headers = { ...request.headers, 'x-amz-security-token': token }
    return signHeader(gateway, { ...request, headers }, { framing: 'hashed', forgery: signer })
  }
  const separator = request.target.includes('?') ? '&' : '?'
  const target = `${request.target}${separator}X-Amz-Security-Token=${encodeURIComponent(token)}`
  return signQuery(gateway, { ...request, target }, signer)
}

function finish(gateway: TestGateway, forgery: Forgery, request: RawRequest, signed: Sent): Promise<RawAnswer> {
  const { headers, body } = signed
  const sent = { target: signed.target, headers: { ...headers, 'content-length': String(body.length) } }
  forgery.tamper?.(sent)
  return sendRaw(gateway, { method: request.method, ...sent, body })
}

function credentialsOf(gateway: TestGateway, { accessKeyId, secretAccessKey }: Forgery) {
  const { root } = gateway.credentials
  return {
    accessKeyId: accessKeyId ?? root.accessKeyId,
    secretAccessKey: secretAccessKey ?? root.secretAccessKey,
  }
}

function signedTime({ clockShift = 0 }: Forgery): Date {
  return new Date(Date.now() + clockShift)
}

function hostOf(gateway: TestGateway): { host: string } {
  return { host: `127.0.0.1:${gateway.port}` }
}

function signHeader(
  gateway: TestGateway,
  request: RawRequest,
  { framing, forgery }: { framing: Framing; forgery: Forgery },
): Sent {
  const body = Buffer.from(request.body ?? '')
  const isChunked = framing.startsWith('STREAMING-')
  const trailer = framing.endsWith('-TRAILER') ? { ...TRAILER, value: crc32Of(body) } : null
  const seed = signHeaders({
    method: forgery.method ?? request.method,
    target: request.target,
    headers: {
      ...hostOf(gateway),
      ...request.headers,
      ...(isChunked && { 'x-amz-decoded-content-length': String(body.length), 'content-encoding': 'aws-chunked' }),
      ...(trailer !== null && { 'x-amz-trailer': trailer.name }),
    },
    payloadHash: framing === 'hashed' ? sha256(body) : framing,
    credentials: credentialsOf(gateway, forgery),
    date: amzDate(signedTime(forgery)),
  })
  const isSigned = framing.startsWith('STREAMING-AWS4')
  const chunks = body.length === 0 ? [] : [body]
  const wire = isChunked ? frameChunks({ seed, chunks, trailer, isSigned }) : body
  return { method: request.method, target: request.target, headers: seed.headers, body: wire }
}

function crc32Of(body: Buffer): string {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(body))
  return value.toString('base64')
}

function signQuery(gateway: TestGateway, request: RawRequest, forgery: Forgery): Sent {
  const headers = { ...hostOf(gateway), ...request.headers }
  const target = presign({
    method: forgery.method ?? request.method,
    target: request.target,
    headers,
    credentials: credentialsOf(gateway, forgery),
    expiresSeconds: 60,
    date: amzDate(signedTime(forgery)),
  })
  return { method: request.method, target, headers, body: Buffer.from(request.body ?? '') }
}

function signHeaderV2(gateway: TestGateway, request: RawRequest, forgery: Forgery): Sent {
  const headers = signV2Headers({
    method: forgery.method ?? request.method,
    target: request.target,
    headers: { ...hostOf(gateway), ...request.headers },
    credentials: credentialsOf(gateway, forgery),
    date: signedTime(forgery).toUTCString(),
  })
  return { method: request.method, target: request.target, headers, body: Buffer.from(request.body ?? '') }
}

function signQueryV2(gateway: TestGateway, request: RawRequest, forgery: Forgery): Sent {
  const headers = { ...hostOf(gateway), ...request.headers }
  const target = presignV2({
    method: forgery.method ?? request.method,
    target: request.target,
    headers,
    credentials: credentialsOf(gateway, forgery),
    expires: Math.floor(signedTime(forgery).getTime() / 1000) + 60,
  })
  return { method: request.method, target, headers, body: Buffer.from(request.body ?? '') }
}
