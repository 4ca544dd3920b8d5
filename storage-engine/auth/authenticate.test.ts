import { expect, test } from 'vitest'
import { type Authentication, authenticate } from '#storage-engine/auth/authenticate.ts'
import { createCredential } from '#storage-engine/auth/credential.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import type { WireRequest } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { presign, signHeaders } from '#storage-engine/testing/signed-request.ts'

/** AWS's own examples: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and its neighbours. */
const EXAMPLE = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const EXAMPLE_TIME = Date.UTC(2013, 4, 24)
const EXAMPLE_DATE = '20130524T000000Z'
const SCOPE = '20130524/us-east-1/s3/aws4_request'
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const PRINCIPAL: Principal = {
  kind: 'object-user',
  id: 'u',
  namespaceId: 'n',
  namespaceName: 'n',
  accountId: '123456789012',
  iamEpoch: 0,
  identityPolicies: [],
  sessionPolicies: null,
  isTemporary: false,
  canonicalId: 'c',
  displayName: 'd',
  isRoot: true,
}

const credential = createCredential({
  accessKeyId: EXAMPLE.accessKeyId,
  principal: PRINCIPAL,
  secret: Buffer.from(EXAMPLE.secretAccessKey),
})

interface Sent {
  method?: string
  target: string
  headers: Record<string, string>
  now?: number
}

function check({ method = 'GET', target, headers, now = EXAMPLE_TIME }: Sent): Authentication {
  const findCredential = (id: string) => (id === EXAMPLE.accessKeyId ? credential : null)
  return authenticate({ findCredential, now: () => now }, wireRequest(method, target, headers)) as Authentication
}

function wireRequest(method: string, target: string, headers: Record<string, string>): WireRequest {
  const [rawPath = '', rawQuery] = target.split('?')
  const pairs = (rawQuery?.split('&') ?? []).map((field) => {
    const [name = '', value = ''] = field.split('=').map(decodeURIComponent)
    return [name, value] as const
  })
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    method,
    rawPath,
    query: { pairs, values: new Map(pairs.toReversed()) },
    headers: new Map(lowerCase),
    hostBucket: null,
  }
}

function codeOf(sent: Sent): string {
  try {
    check(sent)
    return 'ok'
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

function authorizationOf(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${EXAMPLE.accessKeyId}/${SCOPE},SignedHeaders=${signedHeaders},Signature=${signature}`
}

const PUBLISHED: [name: string, sent: Sent][] = [
  [
    'GET Object',
    {
      target: '/test.txt',
      headers: {
        Host: 'examplebucket.s3.amazonaws.com',
        Authorization: authorizationOf(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
        Range: 'bytes=0-9',
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': EXAMPLE_DATE,
      },
    },
  ],
  [
    'PUT Object, whose path is signed escaped and sent plain',
    {
      method: 'PUT',
      target: '/test$file.text',
      headers: {
        Host: 'examplebucket.s3.amazonaws.com',
        Date: 'Fri, 24 May 2013 00:00:00 GMT',
        Authorization: authorizationOf(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
        'x-amz-date': EXAMPLE_DATE,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
    },
  ],
  [
    'GET Bucket lifecycle',
    {
      target: '/?lifecycle',
      headers: {
        Host: 'examplebucket.s3.amazonaws.com',
        Authorization: authorizationOf(
          'host;x-amz-content-sha256;x-amz-date',
          'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
        ),
        'x-amz-date': EXAMPLE_DATE,
        'x-amz-content-sha256': EMPTY,
      },
    },
  ],
  [
    'GET Bucket (list)',
    {
      target: '/?max-keys=2&prefix=J',
      headers: {
        Host: 'examplebucket.s3.amazonaws.com',
        Authorization: authorizationOf(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
        'x-amz-date': EXAMPLE_DATE,
        'x-amz-content-sha256': EMPTY,
      },
    },
  ],
  [
    'presigned GET',
    {
      target: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${EXAMPLE.accessKeyId}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=${EXAMPLE_DATE}&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
      headers: { Host: 'examplebucket.s3.amazonaws.com' },
    },
  ],
]

test.each(PUBLISHED)("verifies AWS's published example: %s", (_name, sent) => {
  expect(check(sent).principal).toBe(PRINCIPAL)
})

test.each(PUBLISHED)('refuses the example %s once its path is another', (_name, sent) => {
  expect(codeOf({ ...sent, target: sent.target.replace('/', '/x') })).toBe('SignatureDoesNotMatch')
})

const HOST = { host: 's3.us-east-1.localhost' }

function signed(changes: Partial<Parameters<typeof signHeaders>[0]> = {}): Sent {
  const input = {
    method: 'GET',
    target: '/b/k',
    headers: { ...HOST },
    payloadHash: EMPTY,
    credentials: EXAMPLE,
    date: EXAMPLE_DATE,
    ...changes,
  }
  return { method: input.method, target: input.target, headers: signHeaders(input).headers }
}

test('accepts any region in the scope, also an empty one', () => {
  for (const region of ['', 'US', 'auto', 'eu-central-1']) expect(codeOf(signed({ region }))).toBe('ok')
})

test('keeps the signing keys of one credential bounded, however many regions a caller invents', () => {
  for (let index = 0; index < 50; index++) codeOf(signed({ region: `r${index}` }))
  expect(credential.signingKeys.size).toBeLessThanOrEqual(8)
})

test('answers InvalidAccessKeyId for a key that does not exist', () => {
  expect(codeOf(signed({ credentials: { ...EXAMPLE, accessKeyId: 'AKIANOBODY' } }))).toBe('InvalidAccessKeyId')
})

test('answers RequestTimeTooSkewed beyond 15 minutes on either side, and not before', () => {
  const minute = 60_000
  for (const offset of [-16, 16])
    expect(codeOf({ ...signed(), now: EXAMPLE_TIME + offset * minute })).toBe('RequestTimeTooSkewed')
  for (const offset of [-15, 15]) expect(codeOf({ ...signed(), now: EXAMPLE_TIME + offset * minute })).toBe('ok')
})

test('refuses a header signature and a presigned URL at once', () => {
  const { target, headers } = signed({ target: '/b/k?X-Amz-Signature=00' })
  expect(codeOf({ target, headers })).toBe('InvalidArgument')
})

test('refuses an x-amz-* header that the signature does not cover', () => {
  const sent = signed()
  expect(codeOf({ ...sent, headers: { ...sent.headers, 'x-amz-acl': 'private' } })).toBe('AccessDenied')
})

test('refuses a signature that does not cover the host, and one that names a header twice to cover for another', () => {
  const sent = signed()
  const without = sent.headers['authorization']?.replace('SignedHeaders=host;', 'SignedHeaders=') as string
  expect(codeOf({ ...sent, headers: { ...sent.headers, authorization: without } })).toBe('AccessDenied')
  const doubled = sent.headers['authorization']?.replace('x-amz-date,', 'x-amz-date;x-amz-date,') as string
  expect(codeOf({ ...sent, headers: { ...sent.headers, authorization: doubled, 'x-amz-acl': 'private' } })).toBe(
    'AccessDenied',
  )
})

test('verifies a header above ASCII in both readings: bytes as sent, and Latin-1 that was signed as UTF-8', () => {
  const value = 'H\u00e9llo'
  const asSent = signed({ headers: { ...HOST, 'x-amz-meta-a': Buffer.from(value).toString('latin1') } })
  // The test signer hashes text as UTF-8, which is what botocore does before it sends Latin-1.
  const latin1 = signed({ headers: { ...HOST, 'x-amz-meta-a': value } })
  expect(codeOf(latin1)).toBe('ok')
  const utf8Signed = signed({ headers: { ...HOST, 'x-amz-meta-a': value } }).headers['authorization'] as string
  expect(codeOf({ ...asSent, headers: { ...asSent.headers, authorization: utf8Signed } })).toBe('ok')
  expect(codeOf({ ...latin1, headers: { ...latin1.headers, 'x-amz-meta-a': 'H\u00eallo' } })).toBe(
    'SignatureDoesNotMatch',
  )
})

test('needs x-amz-content-sha256 on a header signature, and one of its known values', () => {
  const sent = signed()
  const { 'x-amz-content-sha256': _, ...headers } = sent.headers
  expect(codeOf({ ...sent, headers })).toBe('InvalidRequest')
  expect(codeOf(signed({ payloadHash: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }))).toBe('InvalidArgument')
})

test('tells apart how a body is framed and what vouches for it', () => {
  const payload = (payloadHash: string) => check(signed({ payloadHash })).payload
  expect(payload(EMPTY)).toEqual({ framing: 'identity', sha256: EMPTY })
  expect(payload('UNSIGNED-PAYLOAD')).toEqual({ framing: 'identity', sha256: null })
  expect(payload('STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toEqual({
    framing: 'aws-chunked',
    chunkSigning: null,
    hasTrailer: true,
  })
  expect(payload('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')).toMatchObject({
    chunkSigning: { scope: SCOPE },
    hasTrailer: false,
  })
  expect(payload('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER')).toMatchObject({
    chunkSigning: { date: EXAMPLE_DATE },
    hasTrailer: true,
  })
})

test('takes a request without credentials as anonymous, but never signed chunks without a signature', () => {
  expect(check({ target: '/b/k', headers: HOST }).kind).toBe('anonymous')
  const headers = { ...HOST, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
  expect(codeOf({ method: 'PUT', target: '/b/k', headers })).toBe('AccessDenied')
})

test.each(['Bearer x', 'AWS4-ECDSA-P256-SHA256 Credential=x'])(
  'says clearly that it does not take %s',
  (authorization) => {
    expect(codeOf({ target: '/b/k', headers: { ...HOST, authorization } })).toBe('InvalidRequest')
  },
)

test.each([
  '',
  'Credential=x',
  `Credential=${EXAMPLE.accessKeyId}/${SCOPE}, SignedHeaders=host`,
  `Credential=${EXAMPLE.accessKeyId}/2013/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  `Credential=${EXAMPLE.accessKeyId}/${SCOPE}, SignedHeaders=Host, Signature=${'0'.repeat(64)}`,
  `Credential=${EXAMPLE.accessKeyId}/${SCOPE}, SignedHeaders=host, Signature=zz`,
  `Credential=${EXAMPLE.accessKeyId}/${SCOPE}, Credential=b/${SCOPE}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
])('answers AuthorizationHeaderMalformed for "%s"', (fields) => {
  const headers = {
    ...HOST,
    'x-amz-date': EXAMPLE_DATE,
    'x-amz-content-sha256': EMPTY,
    authorization: `AWS4-HMAC-SHA256 ${fields}`,
  }
  expect(codeOf({ target: '/', headers })).toBe('AuthorizationHeaderMalformed')
})

test('refuses a security token: no temporary credentials are issued', () => {
  expect(codeOf(signed({ headers: { ...HOST, 'x-amz-security-token': 'x' } }))).toBe('InvalidToken')
})

function presigned(expiresSeconds: number, query = ''): Sent {
  const target = presign({
    method: 'GET',
    target: `/b/k${query}`,
    headers: HOST,
    credentials: EXAMPLE,
    date: EXAMPLE_DATE,
    expiresSeconds,
  })
  return { target, headers: HOST }
}

test('honours a presigned URL until it expires, and not after', () => {
  expect(codeOf({ ...presigned(60), now: EXAMPLE_TIME + 60_000 })).toBe('ok')
  expect(codeOf({ ...presigned(60), now: EXAMPLE_TIME + 60_001 })).toBe('AccessDenied')
  expect(codeOf({ ...presigned(60), now: EXAMPLE_TIME - 16 * 60_000 })).toBe('AccessDenied')
})

test('refuses a presigned URL of more than a week, of less than nothing, and one with a doubled parameter', () => {
  expect(codeOf(presigned(604_800))).toBe('ok')
  expect(codeOf(presigned(604_801))).toBe('AccessDenied')
  expect(codeOf(presigned(-1))).toBe('AccessDenied')
  expect(codeOf(presigned(60, '?X-Amz-Date=20130524T000000Z'))).toBe('AuthorizationQueryParametersError')
})

test('covers every other parameter of a presigned URL by its signature', () => {
  const sent = presigned(60, '?response-content-type=text%2Fplain')
  expect(codeOf(sent)).toBe('ok')
  expect(codeOf({ ...sent, target: sent.target.replace('text%2Fplain', 'text%2Fhtml') })).toBe('SignatureDoesNotMatch')
})

test('refuses a signature that was made for another service', () => {
  const sent = { method: 'GET', target: '/', headers: { host: 'h' }, payloadHash: EMPTY, credentials: EXAMPLE }
  const { headers } = signHeaders({ ...sent, date: EXAMPLE_DATE, service: 'sts' })
  expect(codeOf({ target: '/', headers })).toBe('AuthorizationHeaderMalformed')
  const { headers: right } = signHeaders({ ...sent, date: EXAMPLE_DATE })
  expect(codeOf({ target: '/', headers: right })).not.toBe('AuthorizationHeaderMalformed')
})
