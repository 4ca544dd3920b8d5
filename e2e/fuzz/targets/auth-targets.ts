import { createSecretKey } from 'node:crypto'
import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { authenticate } from '#storage-engine/auth/authenticate.ts'
import { createChunkVerifier } from '#storage-engine/auth/chunk-signature.ts'
import { evaluatePolicies } from '#storage-engine/auth/evaluate-policy.ts'
import { payloadOf } from '#storage-engine/auth/payload.ts'
import { decodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { createAwsChunkedDecoder } from '#storage-engine/s3/aws-chunked.ts'
import { frameChunks, presign, signHeaders } from '#storage-engine/testing/signed-request.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'

const CREDENTIALS = { accessKeyId: 'AKIAFUZZ', secretAccessKey: 'secret' }
const NOW = Date.UTC(2026, 0, 1)
const DATE = '20260101T000000Z'
const HOST = { host: 'h' }
const GET = { method: 'GET', target: '/b/k?x=1', headers: HOST, credentials: CREDENTIALS }

/** Nobody's key is known, so that whatever is let through is a finding. */
async function expectRefusal(request: { target: string; headers: string[] }): Promise<string> {
  const { rawPath, query } = splitRequestTarget(request.target, 'h')
  const headers = readHeaders(['Host', 'h', ...request.headers])
  const wire = { method: 'GET', rawPath, query, headers, hostBucket: null, service: 's3' as const }
  const { kind } = await authenticate({ findCredential: () => null, now: () => NOW } as never, wire)
  if (kind !== 'anonymous') throw new Error(`Authenticated as ${kind} without a key`)
  return kind
}

const signedV4 = signHeaders({ ...GET, payloadHash: 'UNSIGNED-PAYLOAD', date: DATE }).headers
const signedV2 = signV2Headers({ ...GET, date: new Date(NOW).toUTCString() })

const SIGNATURE_TARGETS: FuzzTarget[] = [
  {
    name: 'sigv4-header',
    seeds: [
      signedV4['authorization'] ?? '',
      'AWS4-HMAC-SHA256 Credential=a/20260101//s3/aws4_request, SignedHeaders=host',
    ],
    tokens: ['AWS4-HMAC-SHA256 ', 'Credential=', 'SignedHeaders=', 'Signature=', '/aws4_request', '20260101', 'host;'],
    run: (input) => {
      const headers = ['x-amz-date', DATE, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD']
      return expectRefusal({ target: '/b/k', headers: ['Authorization', input.toString('latin1'), ...headers] })
    },
  },
  {
    name: 'sigv4-date',
    seeds: [DATE, '20260101T000000Z', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    run: (input) => {
      const headers = ['Authorization', signedV4['authorization'] ?? '', 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD']
      return expectRefusal({ target: '/b/k', headers: ['x-amz-date', input.toString('latin1'), ...headers] })
    },
  },
  {
    name: 'sigv4-query',
    seeds: [presign({ ...GET, expiresSeconds: 60, date: DATE })],
    tokens: [
      'X-Amz-Algorithm=',
      'X-Amz-Credential=',
      'X-Amz-Date=',
      'X-Amz-Expires=',
      'X-Amz-SignedHeaders=',
      'X-Amz-Signature=',
    ],
    run: (input) => expectRefusal({ target: `/${input.toString('latin1')}`, headers: [] }),
  },
  {
    name: 'sigv2-header',
    seeds: [signedV2['authorization'] ?? '', 'AWS a:b'],
    tokens: ['AWS ', ':', '='],
    run: (input) =>
      expectRefusal({
        target: '/b/k?acl',
        headers: ['Authorization', input.toString('latin1'), 'Date', new Date(NOW).toUTCString()],
      }),
  },
  {
    name: 'sigv2-date',
    seeds: [new Date(NOW).toUTCString(), 'Tue, 27 Mar 2007 19:36:42 +0000', DATE, '+275760-09-13T00:00:00Z'],
    run: (input) =>
      expectRefusal({ target: '/b/k', headers: ['Authorization', 'AWS a:b', 'Date', input.toString('latin1')] }),
  },
  {
    name: 'sigv2-query',
    seeds: [presignV2({ ...GET, expires: NOW / 1000 + 60 })],
    tokens: ['AWSAccessKeyId=', 'Expires=', 'Signature=', '&acl', '&response-content-type='],
    run: (input) => expectRefusal({ target: `/${input.toString('latin1')}`, headers: [] }),
  },
]

const SEED = signHeaders({ ...GET, method: 'PUT', payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', date: DATE })
const CHUNKS = [Buffer.from('first chunk'), Buffer.from('second')]
const PLAIN = Buffer.concat(CHUNKS)
const TRAILER = { name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }

/** The first byte says how the rest is cut into pieces, as a socket would. */
async function decodeChunks(input: Buffer, { isSigned, hasTrailer }: { isSigned: boolean; hasTrailer: boolean }) {
  const pieceSize = (input[0] ?? 0) + 1
  const verifier = isSigned
    ? createChunkVerifier({
        signingKey: createSecretKey(SEED.signingKey),
        date: SEED.date,
        scope: SEED.scope,
        seedSignature: SEED.signature,
      })
    : null
  const data: Buffer[] = []
  const decoder = createAwsChunkedDecoder({
    verifier,
    hasTrailer,
    onData: (chunk) => void data.push(Buffer.from(chunk)),
  })
  for (let at = 1; at < input.length; at += pieceSize) await decoder.push(input.subarray(at, at + pieceSize))
  decoder.finish()
  const content = Buffer.concat(data)
  if (isSigned && !content.equals(PLAIN) && content.length > 0) throw new Error(`Accepted as signed: ${content}`)
  return [decoder.trailers, content.length === 0]
}

function chunkTarget(name: string, kind: { isSigned: boolean; hasTrailer: boolean }): FuzzTarget {
  const trailer = kind.hasTrailer ? TRAILER : null
  const frame = (chunks: Buffer[]) => frameChunks({ seed: SEED, chunks, trailer, isSigned: kind.isSigned })
  const seeds = [frame(CHUNKS), frame([])].flatMap((framed) =>
    [0, 6, 255].map((size) => Buffer.concat([Buffer.from([size]), framed])),
  )
  const tokens = [
    ';chunk-signature=',
    '0\r\n',
    'x-amz-trailer-signature:',
    'x-amz-checksum-crc32:',
    'ffffffffffff',
    '\r\n',
  ]
  return { name, seeds, tokens, run: (input) => decodeChunks(input, kind) }
}

const BODY_TARGETS: FuzzTarget[] = [
  chunkTarget('aws-chunked-signed', { isSigned: true, hasTrailer: false }),
  chunkTarget('aws-chunked-signed-trailer', { isSigned: true, hasTrailer: true }),
  chunkTarget('aws-chunked-unsigned-trailer', { isSigned: false, hasTrailer: true }),
  {
    name: 'payload',
    seeds: [
      'UNSIGNED-PAYLOAD',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ],
    run: (input) => payloadOf(input.toString('latin1'), null),
  },
  {
    name: 'percent-encoding',
    seeds: ['a%2Fb', '%F0%9F%90%98', '\xc3\xa9'],
    run(input) {
      const decoded = decodePercent(input.toString('latin1'))
      if (!decoded.isWellFormed() || decoded.includes('\0')) throw new Error('Decoded what is no text')
      return 'text'
    },
  },
]

const PRINCIPAL: Principal = {
  kind: 'object-user',
  id: '0190b4c7-0000-7000-8000-000000000001',
  namespaceId: '0190b4c7-0000-7000-8000-000000000002',
  namespaceName: 'acme',
  canonicalId: 'c'.repeat(64),
  displayName: 'user',
  isRoot: false,
  accountId: 'acme',
  iamEpoch: 0,
  identityPolicies: [],
  sessionPolicies: null,
  isTemporary: false,
}
const CONTEXT = new Map<string, readonly string[]>([
  ['aws:sourceip', ['192.0.2.1']],
  ['aws:currenttime', ['2026-01-01T00:00:00Z']],
  ['aws:securetransport', ['true']],
  ['s3:prefix', ['a/b']],
  ['s3:existingobjecttag/k', ['v']],
  ['s3:max-keys', ['10']],
  ['aws:username', ['user']],
])

const VARIABLE = ['$', '{aws:username}'].join('')

const POLICY_SEEDS = [
  {
    Version: '2012-10-17',
    Id: 'p',
    Statement: [
      {
        Sid: 's',
        Effect: 'Allow',
        Principal: { AWS: ['*', 'arn:aws:iam::acme:user/user'], CanonicalUser: 'c' },
        Action: ['s3:GetObject', 's3:List*'],
        Resource: ['arn:aws:s3:::b', `arn:aws:s3:::b/*a*a?${VARIABLE}`],
        Condition: {
          IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '2001:db8::/32'] },
          'ForAnyValue:StringLikeIfExists': { 's3:prefix': ['a/*', '*b'] },
          NumericLessThan: { 's3:max-keys': '100' },
          DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' },
          Null: { 's3:ExistingObjectTag/k': 'false' },
          Bool: { 'aws:SecureTransport': true },
          ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::*' },
          BinaryEquals: { 'x:y': 'QQ==' },
        },
      },
    ],
  },
  { Statement: { Effect: 'Deny', NotPrincipal: '*', NotAction: '*', NotResource: 'arn:aws:s3:::b/*' } },
].map((policy) => JSON.stringify(policy))

const KINDS = ['bucket', 'identity', 'trust'] as const

const POLICY_TARGETS: FuzzTarget[] = KINDS.map((kind) => ({
  name: `policy-${kind}`,
  seeds: POLICY_SEEDS,
  tokens: [
    ...[
      '"Version":',
      '"Statement":',
      '"Effect":',
      '"Principal":',
      '"Action":',
      '"Resource":',
      '"Condition":',
      '"Allow"',
    ],
    ...['"Deny"', '"*"', '${', '}', VARIABLE, 'StringEquals', 'ForAllValues:', 'IfExists', 'IpAddress', '\\ud800'],
    ...['\\u0000', '"__proto__":', '0.0.0.0/0', '::/0', '/33', '[]', '{}', ',', ':', '****'],
  ],
  run(input) {
    const text = input.toString('utf8')
    try {
      const policy = parsePolicy(text, kind)
      return evaluatePolicies([policy], {
        principal: PRINCIPAL,
        action: 's3:GetObject',
        resource: `arn:aws:s3:::b/${'a'.repeat(200)}`,
        namespaceName: 'acme',
        context: CONTEXT,
      })
    } catch (error) {
      if (error instanceof PolicySyntaxError) return `syntax ${error.message.slice(0, 12)}`
      throw error
    }
  },
}))

export const AUTH_TARGETS: FuzzTarget[] = [...SIGNATURE_TARGETS, ...BODY_TARGETS, ...POLICY_TARGETS]
