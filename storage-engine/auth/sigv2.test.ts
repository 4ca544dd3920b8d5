import { expect, test } from 'vitest'
import { type Authentication, authenticate } from '#storage-engine/auth/authenticate.ts'
import { createCredential } from '#storage-engine/auth/credential.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'

/** AWS's own examples: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html, now and in earlier editions. */
const EXAMPLE = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const PRINCIPAL: Principal = {
  kind: 'object-user',
  id: 'a',
  namespaceId: 'n',
  namespaceName: 'n',
  accountId: '123456789012',
  iamEpoch: 0,
  identityPolicies: [],
  sessionPolicies: null,
  isTemporary: false,
  canonicalId: 'c',
  displayName: 'd',
  isRoot: false,
}
const credential = createCredential({
  accessKeyId: EXAMPLE.accessKeyId,
  principal: PRINCIPAL,
  secret: Buffer.from(EXAMPLE.secretAccessKey),
})

interface Sent {
  method?: string
  target: string
  headers?: Record<string, string>
  hostBucket?: string | null
  /** By default the time that the request's own date names. */
  now?: number
}

function check({ method = 'GET', target, headers = {}, hostBucket = null, now }: Sent): Authentication {
  const lowerCase = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const date = lowerCase.get('x-amz-date') ?? lowerCase.get('date')
  const time = now ?? (date === undefined ? 0 : Date.parse(date))
  const findCredential = (id: string) => (id === EXAMPLE.accessKeyId ? credential : null)
  const [rawPath = '', rawQuery = ''] = target.split('?')
  const pairs = [...new URLSearchParams(rawQuery)]
  const query = { pairs, values: new Map(pairs.toReversed()) }
  const request = { method, rawPath, query, headers: lowerCase, hostBucket }
  return authenticate({ findCredential, now: () => time }, request) as Authentication
}

function refusalOf(sent: Sent): { code: string; message: string } {
  try {
    check(sent)
  } catch (error) {
    if (error instanceof StorageError) return { code: error.code, message: error.message }
    throw error
  }
  return { code: 'ok', message: '' }
}

const codeOf = (sent: Sent) => refusalOf(sent).code
const aws = (signature: string) => `AWS ${EXAMPLE.accessKeyId}:${signature}`

const PUBLISHED: [name: string, sent: Sent][] = [
  [
    'Object GET',
    {
      target: '/photos/puppy.jpg',
      hostBucket: 'awsexamplebucket1',
      headers: { Date: 'Tue, 27 Mar 2007 19:36:42 +0000', Authorization: aws('qgk2+6Sv9/oM7G3qLEjTH1a1l1g=') },
    },
  ],
  [
    'Object PUT',
    {
      method: 'PUT',
      target: '/photos/puppy.jpg',
      hostBucket: 'awsexamplebucket1',
      headers: {
        'Content-Type': 'image/jpeg',
        'Content-Length': '94328',
        Date: 'Tue, 27 Mar 2007 21:15:45 +0000',
        Authorization: aws('iqRzw+ileNPu1fhspnRs8nOjjIA='),
      },
    },
  ],
  [
    'List',
    {
      target: '/?prefix=photos&max-keys=50&marker=puppy',
      hostBucket: 'awsexamplebucket1',
      headers: { Date: 'Tue, 27 Mar 2007 19:42:41 +0000', Authorization: aws('m0WP8eCtspQl5Ahe6L1SozdX9YA=') },
    },
  ],
  [
    'Fetch of the access control policy',
    {
      target: '/?acl',
      hostBucket: 'awsexamplebucket1',
      headers: { Date: 'Tue, 27 Mar 2007 19:44:46 +0000', Authorization: aws('82ZHiFIjc+WbcwFKGUVEQspPn+0=') },
    },
  ],
  [
    // With the signature that AWS's rule for x-amz-date gives: the page prints one that breaks it.
    'DELETE with x-amz-date, in path style',
    {
      method: 'DELETE',
      target: '/johnsmith/photos/puppy.jpg',
      headers: {
        Date: 'Tue, 27 Mar 2007 21:20:27 +0000',
        'x-amz-date': 'Tue, 27 Mar 2007 21:20:26 +0000',
        Authorization: aws('R4dJ53KECjStyBO5iTBJZ4XVOaI='),
      },
    },
  ],
  [
    'Upload',
    {
      method: 'PUT',
      target: '/db-backup.dat.gz',
      hostBucket: 'static.johnsmith.net',
      headers: {
        Date: 'Tue, 27 Mar 2007 21:06:08 +0000',
        'x-amz-acl': 'public-read',
        'content-type': 'application/x-download',
        'Content-MD5': '4gJE4saaMU4BqNR0kLY+lw==',
        'X-Amz-Meta-ReviewedBy': 'joe@johnsmith.net,jane@johnsmith.net',
        'X-Amz-Meta-FileChecksum': '0x02661779',
        'X-Amz-Meta-ChecksumAlgorithm': 'crc32',
        'Content-Disposition': 'attachment; filename=database.dat',
        'Content-Encoding': 'gzip',
        'Content-Length': '5913339',
        Authorization: aws('ilyl83RwaSoYIEdixDQcA4OnAnc='),
      },
    },
  ],
  [
    'List all my buckets',
    {
      target: '/',
      headers: { Date: 'Wed, 28 Mar 2007 01:29:59 +0000', Authorization: aws('qGdzdERIC03wnaRNKh6OqZehG9s=') },
    },
  ],
  [
    'Unicode keys, signed as they are escaped',
    {
      target: '/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re',
      headers: { Date: 'Wed, 28 Mar 2007 01:49:49 +0000', Authorization: aws('DNEZGsoieTZ92F3bUfSPQcbGmlM=') },
    },
  ],
  [
    'query string',
    {
      target: `/photos/puppy.jpg?AWSAccessKeyId=${EXAMPLE.accessKeyId}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`,
      hostBucket: 'johnsmith',
    },
  ],
]

test.each(PUBLISHED)("verifies AWS's published example: %s", (_name, sent) => {
  const answer = check(sent)
  expect(answer.principal).toBe(PRINCIPAL)
  expect(answer.kind).toBe(sent.headers === undefined ? 'sigv2-query' : 'sigv2-header')
  expect(answer.payload).toEqual({ framing: 'identity', sha256: null })
})

test.each(PUBLISHED)(
  'refuses the example %s once its path, method, bucket or an x-amz-* header is another',
  (_n, sent) => {
    const changes: Partial<Sent>[] = [
      { target: sent.target.replace('/', '/x') },
      { method: 'POST' },
      { hostBucket: 'other' },
      { headers: { ...sent.headers, 'x-amz-meta-a': 'b' } },
    ]
    for (const change of changes) expect(codeOf({ ...sent, ...change })).toBe('SignatureDoesNotMatch')
  },
)

const NOW = Date.UTC(2026, 0, 1)

function signed(changes: Partial<Parameters<typeof signV2Headers>[0]> = {}): Sent {
  const input = { method: 'GET', target: '/b/k', headers: {}, credentials: EXAMPLE, ...changes }
  const headers = signV2Headers({ date: new Date(NOW).toUTCString(), ...input })
  return { method: input.method, target: input.target, headers, now: NOW }
}

function presigned(target: string, headers: Record<string, string> = {}, expires: number | string = NOW / 1000): Sent {
  return {
    target: presignV2({ method: 'GET', target, headers, credentials: EXAMPLE, expires }),
    headers,
    now: NOW,
  }
}

test('answers AccessDenied to a date before 1970, as S3 does', () => {
  const headers = { 'x-amz-date': 'Tue, 07 Jul 1950 21:53:04 GMT', Authorization: aws('x') }
  expect(codeOf({ target: '/', headers })).toBe('AccessDenied')
})

test('answers RequestTimeTooSkewed beyond 15 minutes on either side, and not before', () => {
  for (const minutes of [-16, 16]) {
    expect(codeOf({ ...signed(), now: NOW + minutes * 60_000 })).toBe('RequestTimeTooSkewed')
  }
  for (const minutes of [-15, 15]) expect(codeOf({ ...signed(), now: NOW + minutes * 60_000 })).toBe('ok')
})

test.each(['', 'yesterday'])('needs a date, and "%s" is none', (date) => {
  expect(refusalOf(signed({ date }))).toEqual({
    code: 'AccessDenied',
    message: 'AWS authentication requires a valid Date or x-amz-date header',
  })
})

test('honours a presigned URL until it expires, and not after', () => {
  expect(codeOf(presigned('/b/k'))).toBe('ok')
  expect(refusalOf({ ...presigned('/b/k'), now: NOW + 1 })).toEqual({
    code: 'AccessDenied',
    message: 'Request has expired',
  })
  expect(refusalOf(presigned('/b/k', {}, '-1')).message).toBe('Request has expired')
})

test.each(['', 'tomorrow', '1e9', '2147483648', '99999999999'])(
  'refuses "%s" as the end of a presigned URL',
  (expires) => {
    expect(refusalOf(presigned('/b/k', {}, expires))).toEqual({
      code: 'AccessDenied',
      message: `Invalid date (should be seconds since epoch): ${expires}`,
    })
  },
)

test.each(['AWSAccessKeyId', 'Expires', 'Signature'])('needs %s of a presigned URL', (name) => {
  const { target } = presigned('/b/k')
  expect(refusalOf({ target: target.replace(`${name}=`, 'x='), now: NOW })).toEqual({
    code: 'AccessDenied',
    message: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
  })
})

test('answers InvalidAccessKeyId for a key that does not exist, also when the signature is its own', () => {
  expect(codeOf(signed({ credentials: { ...EXAMPLE, accessKeyId: 'AKIANOBODY' } }))).toBe('InvalidAccessKeyId')
})

test.each(['AWS x', 'AWS a:', 'AWS :b', 'AWS a:b:c', 'AWS '])('answers InvalidArgument for "%s"', (authorization) => {
  expect(codeOf({ target: '/b/k', headers: { authorization }, now: NOW })).toBe('InvalidArgument')
})

test('refuses two ways of signing at once', () => {
  const { target } = presigned('/b/k')
  expect(codeOf({ ...signed(), target })).toBe('InvalidArgument')
  expect(codeOf({ target: `${target}&X-Amz-Signature=00`, now: NOW })).toBe('InvalidArgument')
})

test('takes whole bodies only, and holds one to the hash that was signed with it', () => {
  const sha256 = '0'.repeat(64)
  expect(check(signed({ headers: { 'x-amz-content-sha256': sha256 } })).payload).toEqual({
    framing: 'identity',
    sha256,
  })
  const streamed = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
  expect(codeOf(signed({ headers: streamed }))).toBe('InvalidRequest')
  expect(codeOf(signed({ headers: { 'content-encoding': 'gzip, aws-chunked' } }))).toBe('InvalidRequest')
})

test('refuses a security token: no temporary credentials are issued', () => {
  const headers = { 'x-amz-security-token': 'x' }
  expect(codeOf(signed({ headers }))).toBe('InvalidToken')
  expect(codeOf({ target: `${presigned('/b/k', headers).target}&x-amz-security-token=x`, now: NOW })).toBe(
    'InvalidToken',
  )
})

test('covers a header that stands in the query of a presigned URL, whichever place it is sent in', () => {
  const headers = { 'x-amz-meta-a': 'é' }
  const { target } = presigned('/b/k', headers)
  expect(codeOf({ target: `${target}&x-amz-meta-a=%C3%A9`, now: NOW })).toBe('ok')
  const sent = { 'x-amz-meta-a': Buffer.from('é').toString('latin1') }
  expect(codeOf({ target, headers: sent, now: NOW })).toBe('ok')
  expect(codeOf({ target: `${target}&x-amz-meta-a=e`, now: NOW })).toBe('SignatureDoesNotMatch')
  expect(codeOf({ target, now: NOW })).toBe('SignatureDoesNotMatch')
})

test('verifies what botocore signs and sends in two ways: Latin-1 for UTF-8, and a bucket without its slash', () => {
  expect(codeOf(signed({ headers: { 'x-amz-meta-a': 'é' } }))).toBe('ok')
  expect(codeOf({ ...signed({ target: '/b/' }), target: '/b' })).toBe('ok')
  expect(codeOf({ ...signed({ target: '/b/k/' }), target: '/b/k' })).toBe('SignatureDoesNotMatch')
})

test('takes a parameter without a value in both spellings', () => {
  for (const target of ['/b?acl', '/b?acl=']) expect(codeOf(signed({ target }))).toBe('ok')
})

test('signs parameters decoded, and lets none of them hide in another', () => {
  expect(codeOf(signed({ target: '/b/k?response-content-disposition=a%26b%20%2B' }))).toBe('ok')
  const both = signed({ target: '/b/k?response-content-language=a&response-content-type=b' })
  expect(codeOf(both)).toBe('ok')
  const merged = '/b/k?response-content-language=a%26response-content-type=b'
  expect(codeOf({ ...both, target: merged })).toBe('SignatureDoesNotMatch')
  const { target } = presigned('/b/k', { 'x-amz-checksum-crc32': 'a', 'x-amz-meta-a': 'b' })
  expect(codeOf({ target: `${target}&x-amz-checksum-crc32=a&x-amz-meta-a=b`, now: NOW })).toBe('ok')
  const hidden = `${target}&x-amz-checksum-crc32=a%0Ax-amz-meta-a:b`
  expect(codeOf({ target: hidden, now: NOW })).toBe('SignatureDoesNotMatch')
})

test('refuses a signed parameter that is added, changed or repeated', () => {
  const sent = signed({ target: '/b/k?versionId=1' })
  for (const target of ['/b/k?versionId=2', '/b/k?versionId=1&acl', '/b/k?versionId=1&versionId=2', '/b/k']) {
    expect(codeOf({ ...sent, target })).toBe('SignatureDoesNotMatch')
  }
})
