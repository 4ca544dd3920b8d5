import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Operation } from '#storage-engine/s3/operation.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'
import {
  amzDate,
  frameChunks,
  presign,
  type RawAnswer,
  type RawRequest,
  sendRaw,
  sendSigned,
  sha256,
  signHeaders,
} from '#storage-engine/testing/signed-request.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway
const SECRET = 'the bytes that nobody else may see'

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/ours' })
  await sendSigned(gateway, { method: 'PUT', target: '/ours/key', body: SECRET })
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
})

afterAll(() => gateway.stop())

type Implemented = Exclude<Operation, { needs: 'not-implemented' }>
const rows = OPERATIONS.filter((row): row is Implemented => row.needs !== 'not-implemented')
const names = rows.map((row): [string, Implemented] => [row.name, row])
const onBuckets = names.filter(([, { needs }]) => needs !== 'service' && needs !== 'bucket-name')

/** A request that selects the row, with a body where the operation reads one. */
function requestOf(row: Implemented, bucket = 'ours'): RawRequest {
  const path = row.on === 'service' ? '/' : row.on === 'bucket' ? `/${bucket}` : `/${bucket}/key`
  const query = (row.query ?? [])
    .map((name) => (name.includes('=') ? name : `${name}=1`))
    .sort()
    .join('&')
  const headers: Record<string, string> = row.header === undefined ? {} : { [row.header]: '/ours/key' }
  const body = row.method === 'PUT' || row.method === 'POST' ? 'forged' : ''
  return { method: row.method, target: query === '' ? path : `${path}?${query}`, headers, body }
}

/** HEAD answers have no body, so only the status tells. */
function expectRefusal(answer: RawAnswer, row: Implemented, codes: string[]): void {
  expect(answer.text).not.toContain(SECRET)
  if (row.method === 'HEAD') expect([400, 403]).toContain(answer.status)
  else expect(codes).toContain(answer.code)
}

test.each(names)('%s answers AccessDenied to anonymous', async (_name, row) => {
  expectRefusal(await sendSigned(gateway, { ...requestOf(row), as: null }), row, ['AccessDenied'])
})

test.each(names)('%s answers AccessDenied to a storage account without a grant', async (_name, row) => {
  expectRefusal(await sendSigned(gateway, { ...requestOf(row), as: 'account' }), row, ['AccessDenied'])
})

test.each(onBuckets)(
  '%s answers AccessDenied to another namespace and to another owner of the same',
  async (_name, row) => {
    for (const as of ['neighbour', 'user'] as const) {
      expectRefusal(await sendSigned(gateway, { ...requestOf(row), as }), row, ['AccessDenied'])
    }
  },
)

test.each(onBuckets)('%s answers NoSuchBucket for a bucket that is not there', async (_name, row) => {
  const answer = await sendSigned(gateway, requestOf(row, 'nowhere'))
  expect(answer.status).toBe(404)
  if (row.method !== 'HEAD') expect(answer.code).toBe('NoSuchBucket')
})

/** Changes the last digit of the signature. */
const spoil = (headers: Record<string, string>) => {
  headers['authorization'] = (headers['authorization'] as string).replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
}

function replaceHeader(headers: Record<string, string>, name: string, pattern: RegExp, value: string): void {
  headers[name] = (headers[name] as string).replace(pattern, value)
}

/** Each way of authenticating and of sending a body, with a signature or a body that is not the signer's. */
const FORGERIES: Record<string, (request: RawRequest) => Promise<RawAnswer>> = {
  'a wrong signature over a hashed body': (request) => sendSigned(gateway, { ...request, tamper: spoil }),
  'a wrong signature, UNSIGNED-PAYLOAD': (request) =>
    sendSigned(gateway, { ...request, payloadHash: 'UNSIGNED-PAYLOAD', tamper: spoil }),
  'a wrong signature, STREAMING-UNSIGNED-PAYLOAD-TRAILER': (request) =>
    sendSigned(gateway, { ...request, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', tamper: spoil }),
  'a wrong signature, STREAMING-AWS4-HMAC-SHA256-PAYLOAD': (request) =>
    sendSigned(gateway, { ...request, payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', tamper: spoil }),
  'a wrong signature, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': (request) =>
    sendSigned(gateway, { ...request, payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', tamper: spoil }),
  'an unknown access key': (request) =>
    sendSigned(gateway, {
      ...request,
      tamper: (headers) => replaceHeader(headers, 'authorization', /AKIA\w+/, 'AKIANOBODY'),
    }),
  'another secret': (request) => signedBy(request, { ...gateway.credentials.root, secretAccessKey: 'guess' }),
  'an old date': (request) => signedBy(request, gateway.credentials.root, amzDate(new Date(Date.now() - 16 * 60_000))),
  'a header that is added afterwards': (request) =>
    sendSigned(gateway, { ...request, tamper: (headers) => Object.assign(headers, { 'x-amz-acl': 'private' }) }),
  'a wrong presigned URL': (request) =>
    presigned(request, 60, (target) => target.replace(/X-Amz-Signature=../, 'X-Amz-Signature=zz')),
  'an expired presigned URL': (request) => presigned(request, -1, (target) => target),
  'a presigned URL of another method': (request) =>
    presigned({ ...request, method: 'OPTIONS' }, 60, (target) => target, request.method),
  'a signature in the header and one in the query': (request) =>
    sendSigned(gateway, {
      ...request,
      target: withParameter(request.target, 'X-Amz-Signature=00'),
    }),
  'SigV2 with an empty signature': (request) =>
    sendSigned(gateway, { ...request, as: null, headers: { ...request.headers, authorization: 'AWS AKIA:' } }),
  'a wrong SigV2 signature': (request) => signedV2(request, { tamper: spoil }),
  'SigV2 with another secret': (request) => signedV2(request, { secretAccessKey: 'guess' }),
  'SigV2 with an unknown access key': (request) => signedV2(request, { accessKeyId: 'AKIANOBODY' }),
  'SigV2 with an old date': (request) => signedV2(request, { date: new Date(Date.now() - 16 * 60_000).toUTCString() }),
  'SigV2 with a header that is added afterwards': (request) =>
    signedV2(request, { tamper: (headers) => Object.assign(headers, { 'x-amz-acl': 'private' }) }),
  'SigV2 with streamed chunks': (request) =>
    signedV2(
      { ...request, headers: { ...request.headers, 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' } },
      {},
    ),
  'a wrong SigV2 presigned URL': (request) =>
    presignedV2(request, 60, (target) => target.replace(/Signature=../, 'Signature=zz')),
  'an expired SigV2 presigned URL': (request) => presignedV2(request, -1),
  'a SigV2 presigned URL of another method': (request) =>
    presignedV2({ ...request, method: 'OPTIONS' }, 60, undefined, request.method),
  'a SigV2 presigned URL to which a header was added': (request) =>
    presignedV2(request, 60, (target) => `${target}&x-amz-meta-a=b`),
  'a SigV2 presigned URL and a header': (request) =>
    sendSigned(gateway, {
      ...request,
      target: withParameter(request.target, 'AWSAccessKeyId=a&Expires=1&Signature=b'),
    }),
}

function withParameter(target: string, parameter: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${parameter}`
}

const REFUSALS = [
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'InvalidAccessKeyId',
  'InvalidArgument',
  'InvalidRequest',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]

test.each(Object.entries(FORGERIES))('every operation refuses %s', async (_name, send) => {
  for (const row of rows) expectRefusal(await send(requestOf(row)), row, REFUSALS)
})

function signedBy(
  request: RawRequest,
  credentials: { accessKeyId: string; secretAccessKey: string },
  date?: string,
): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const headers: Record<string, string> = {
    host: `127.0.0.1:${gateway.port}`,
    ...request.headers,
    'content-length': String(body.length),
  }
  const signed = signHeaders({
    ...request,
    headers,
    payloadHash: sha256(body),
    credentials,
    ...(date === undefined ? {} : { date }),
  })
  return sendRaw(gateway, { method: request.method, target: request.target, headers: signed.headers, body })
}

function signedV2(
  request: RawRequest,
  changes: { date?: string; accessKeyId?: string; secretAccessKey?: string; tamper?: RawRequest['tamper'] },
): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const { date, tamper, ...other } = changes
  const headers = signV2Headers({
    ...request,
    headers: { host: `127.0.0.1:${gateway.port}`, ...request.headers, 'content-length': String(body.length) },
    credentials: { ...gateway.credentials.root, ...other },
    ...(date === undefined ? {} : { date }),
  })
  tamper?.(headers)
  return sendRaw(gateway, { method: request.method, target: request.target, headers, body })
}

function presignedV2(
  request: RawRequest,
  seconds: number,
  change: (target: string) => string = (target) => target,
  method = request.method,
): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, ...request.headers }
  const expires = Math.floor(Date.now() / 1000) + seconds
  const target = change(presignV2({ ...request, headers, credentials: gateway.credentials.root, expires }))
  return sendRaw(gateway, { method, target, headers: { ...headers, 'content-length': String(body.length) }, body })
}

function presigned(
  request: RawRequest,
  expiresSeconds: number,
  change: (target: string) => string,
  method = request.method,
): Promise<RawAnswer> {
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, ...request.headers }
  const target = change(
    presign({
      method: request.method,
      target: request.target,
      headers,
      credentials: gateway.credentials.root,
      expiresSeconds,
    }),
  )
  const body = Buffer.from(request.body ?? '')
  return sendRaw(gateway, { method, target, headers: { ...headers, 'content-length': String(body.length) }, body })
}

test('a body that is not the one signed is refused in every framing, and nothing of it becomes visible', async () => {
  const changed = Buffer.from('changed')
  const send = async (payloadHash: string, frame: (seed: ReturnType<typeof signHeaders>) => Buffer) => {
    const base = { host: `127.0.0.1:${gateway.port}`, 'x-amz-decoded-content-length': '7' }
    const headers: Record<string, string> = payloadHash.includes('TRAILER')
      ? { ...base, 'x-amz-trailer': 'x-amz-checksum-crc32' }
      : base
    const seed = signHeaders({
      method: 'PUT',
      target: '/ours/new',
      headers,
      payloadHash,
      credentials: gateway.credentials.root,
    })
    const body = frame(seed)
    return sendRaw(gateway, {
      method: 'PUT',
      target: '/ours/new',
      headers: { ...seed.headers, 'content-length': String(body.length) },
      body,
    })
  }
  const forged = (seed: ReturnType<typeof signHeaders>, trailer: { name: string; value: string } | null) => {
    const framed = frameChunks({ seed, chunks: [Buffer.from('genuine')], trailer, isSigned: true })
    return Buffer.from(framed.toString('latin1').replace('genuine', 'changed'), 'latin1')
  }
  const trailer = { name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }
  const answers = [
    await send(sha256('genuine'), () => changed),
    await send('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', (seed) => forged(seed, null)),
    await send('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', (seed) => forged(seed, trailer)),
    await send('STREAMING-UNSIGNED-PAYLOAD-TRAILER', (seed) =>
      frameChunks({ seed, chunks: [changed], trailer, isSigned: false }),
    ),
  ]
  expect(answers.map(({ code }) => code)).toEqual([
    'XAmzContentSHA256Mismatch',
    'SignatureDoesNotMatch',
    'SignatureDoesNotMatch',
    'BadDigest',
  ])
  expect((await sendSigned(gateway, { method: 'GET', target: '/ours/new' })).code).toBe('NoSuchKey')
})

test('nothing that was refused has changed anything', async () => {
  const object = await sendSigned(gateway, { method: 'GET', target: '/ours/key' })
  expect(object.text).toBe(SECRET)
  const listed = await sendSigned(gateway, { method: 'GET', target: '/ours?list-type=2' })
  expect(listed.text.match(/<Key>[^<]*<\/Key>/g)).toEqual(['<Key>key</Key>'])
  const buckets = await sendSigned(gateway, { method: 'GET', target: '/' })
  expect(buckets.text.match(/<Name>[^<]*<\/Name>/g)).toEqual(['<Name>ours</Name>'])
})
