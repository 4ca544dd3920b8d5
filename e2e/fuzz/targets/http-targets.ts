import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { clientAddressOf, trustedProxiesOf } from '#storage-engine/auth/client-address.ts'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { parseAmzDate } from '#storage-engine/auth/request-time.ts'
import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { parseCopyRange, parseRange } from '#storage-engine/s3/byte-range.ts'
import {
  checksumValues,
  readChecksum,
  readChecksumAlgorithm,
  readChecksumType,
  readContentMd5,
} from '#storage-engine/s3/checksum-headers.ts'
import {
  checkCopyConditions,
  checkReadConditions,
  isRangeCurrent,
  readDeleteCondition,
  readWritePrecondition,
} from '#storage-engine/s3/conditions.ts'
import { parseCopySource } from '#storage-engine/s3/copy-source-header.ts'
import { readCopySourceKey, readCustomerKey, readEncryption } from '#storage-engine/s3/encryption-headers.ts'
import { decodeToken, encodeToken, readEncoding, readPageSize } from '#storage-engine/s3/list-parameters.ts'
import { readDescription, refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { parseTime } from '#storage-engine/s3/object-lock-xml.ts'
import { readOverrides } from '#storage-engine/s3/object-response.ts'
import { headersWithHoisted } from '#storage-engine/s3/presigned-headers.ts'
import { parseTaggingHeader } from '#storage-engine/s3/tagging-header.ts'
import { hostPrefix, locateByPath, locateTarget } from '#storage-engine/s3/target.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'

const KNOWN_MD5 = '1B2M2Y8AsgTpgAmY7PhCfg=='
const CUSTOMER_KEY = Buffer.alloc(32, 7).toString('base64')

/** As the wire has it: one character a byte. */
const textOf = (input: Buffer) => input.toString('latin1')

/** `name: value` a line, as they come out of a request. Others than HTTP lets through are left out. */
function headersOf(input: Buffer): Headers {
  const raw: string[] = []
  for (const line of textOf(input).split('\n')) {
    const at = line.indexOf(':')
    const name = line.slice(0, at)
    const value = line.slice(at + 1).trim()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what Node refuses before we see it
    if (at > 0 && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) raw.push(name, value)
  }
  return readHeaders(raw)
}

const VALIDATORS = { etag: 'd41d8cd98f00b204e9800998ecf8427e', lastModified: new Date(1_700_000_000_000) }
const PROXIES = trustedProxiesOf(['10.0.0.0/8', '::1'])

/** A reader that takes all of a request's headers. */
function headerTarget(name: string, seeds: string[], run: (headers: Headers) => unknown): FuzzTarget {
  const tokens = [...new Set(seeds.flatMap((seed) => seed.match(/[\w-]+/g) ?? []))]
  return { name, seeds, tokens, run: (input) => run(headersOf(input)) }
}

const TARGETS: FuzzTarget[] = [
  {
    name: 'request-target',
    seeds: [
      '/bucket/key?versionId=null&x-id=GetObject',
      '/bucket?list-type=2&prefix=a%2Fb&delimiter=/&encoding-type=url&max-keys=7',
      '/b/%F0%9F%90%98/a+b//..?uploads=',
      'https://host:9000/b/k?X-Amz-Expires=60&x-amz-meta-a=b',
      '/?Action=CreateUser&UserName=a',
    ],
    tokens: ['x-amz-meta-a=', 'X-Amz-Signature=', 'response-content-type=', 'prefix=', 'marker='],
    run(input) {
      const { rawPath, query } = splitRequestTarget(textOf(input), 'host:9000')
      readOverrides(query, true)
      readPageSize(query, 'max-keys')
      readEncoding(query)
      const versionId = query.values.get('versionId')
      if (versionId !== undefined) checkVersionIdForm(versionId)
      return { ...locateByPath(rawPath, null), hoisted: headersWithHoisted(new Map([['host', 'h']]), query) }
    },
  },
  {
    name: 'host',
    seeds: [
      'bucket.s3.us-east-1.localhost:9000',
      'b.acme.s3.us-east-1.localhost',
      '[::1]:9000',
      '127.0.0.1',
      'LOCALHOST.',
    ],
    tokens: ['.s3.us-east-1.localhost', 'localhost', 'acme', ':9000'],
    async run(input) {
      const prefix = hostPrefix(textOf(input), { domain: 'localhost', region: 'us-east-1' })
      return locateTarget('/a/b', prefix, async (name) => name === 'acme')
    },
  },
  headerTarget(
    'headers',
    [
      'host: a\ncontent-length: 5\nx-amz-date: 20260101T000000Z',
      'transfer-encoding: chunked\nx-amz-meta-a: b\nx-amz-meta-a: c',
    ],
    (headers) => headers,
  ),
  {
    name: 'copy-source',
    seeds: [
      '/bucket/key',
      'bucket/a%2Fb?versionId=null',
      '/b/%F0%9F%90%98+x',
      'arn:aws:s3:us-east-1:1:accesspoint/a/object/k',
    ],
    tokens: ['?versionId=', '%3FversionId=', 'arn:aws:s3:::', '/object/'],
    run: (input) => parseCopySource(textOf(input)),
  },
  {
    name: 'range',
    seeds: ['bytes=0-9', 'bytes=-5', 'bytes=5-', 'bytes=0-0,2-3', 'bytes=99-'],
    tokens: ['bytes=', '-', ','],
    run(input) {
      const range = parseRange(textOf(input), 100)
      if (range === null) return null
      if (!(range.start >= 0 && range.start <= range.end && range.end < 100))
        throw new Error('A range outside of the object')
      return 'range'
    },
  },
  {
    name: 'copy-range',
    seeds: ['bytes=0-9', 'bytes=99-99'],
    tokens: ['bytes=', '-'],
    run(input) {
      const { start, end } = parseCopyRange(textOf(input), 100)
      if (!(start >= 0 && start <= end && end < 100)) throw new Error('A range outside of the source')
      return 'range'
    },
  },
  headerTarget(
    'conditions',
    [
      `if-match: "${VALIDATORS.etag}"\nif-modified-since: Tue, 14 Nov 2023 22:13:20 GMT`,
      'if-none-match: *\nif-unmodified-since: Wed, 01 Jan 2020 00:00:00 GMT\nif-range: "x"',
      'x-amz-copy-source-if-match: W/"x"\nx-amz-if-match-size: 5\nx-amz-if-match-last-modified-time: 2026-01-01T00:00:00Z',
    ],
    (headers) => {
      const outcomes: unknown[] = [isRangeCurrent(headers, VALIDATORS), readWritePrecondition(headers)]
      const etag = headers.get('if-match')
      const time = headers.get('x-amz-if-match-last-modified-time')
      outcomes.push(readDeleteCondition({ etag, time, size: headers.get('x-amz-if-match-size') }))
      checkCopyConditions(headers, VALIDATORS)
      checkReadConditions(headers, VALIDATORS)
      return outcomes
    },
  ),
  headerTarget(
    'checksum-headers',
    [
      `content-md5: ${KNOWN_MD5}\nx-amz-checksum-crc32: AAAAAA==`,
      'x-amz-trailer: x-amz-checksum-sha256\nx-amz-sdk-checksum-algorithm: SHA256',
      'x-amz-checksum-algorithm: CRC64NVME\nx-amz-checksum-type: FULL_OBJECT\nx-amz-checksum-crc64nvme: AAAAAAAAAAA=',
    ],
    (headers) => [
      readContentMd5(headers),
      checksumValues(headers),
      readChecksum(headers),
      readChecksumAlgorithm(headers),
      readChecksumType(headers),
    ],
  ),
  headerTarget(
    'object-headers',
    [
      'content-type: text/plain\ncache-control: no-cache\nx-amz-meta-a: \xc3\xa9\nx-amz-meta-__proto__: x',
      'content-encoding: aws-chunked,gzip\nexpires: 0\nx-amz-storage-class: STANDARD\nx-amz-acl: private',
    ],
    (headers) => {
      refuseUnsupported(headers)
      return readDescription(headers)
    },
  ),
  headerTarget(
    'encryption-headers',
    [
      'x-amz-server-side-encryption: AES256',
      'x-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: alias/a\nx-amz-server-side-encryption-context: eyJhIjoiYiJ9\nx-amz-server-side-encryption-bucket-key-enabled: true',
      `x-amz-server-side-encryption-customer-algorithm: AES256\nx-amz-server-side-encryption-customer-key: ${CUSTOMER_KEY}\nx-amz-server-side-encryption-customer-key-md5: ${KNOWN_MD5}`,
    ],
    (headers) => [readEncryption(headers).kind, readCustomerKey(headers) === null, readCopySourceKey(headers) === null],
  ),
  {
    name: 'tagging-header',
    seeds: ['a=b&c=d', 'a=&b', 'k%20ey=v%2Bal', `${'k'.repeat(128)}=${'v'.repeat(256)}`],
    tokens: ['=', '&', 'aws:'],
    run: (input) => parseTaggingHeader(textOf(input)),
  },
  {
    name: 'dates',
    seeds: [
      '20130524T000000Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000+01:00',
      'Wed, 01 Jan 2020 00:00:00 GMT',
    ],
    tokens: ['T', 'Z', '+00:00', '.000', '275760-09-13'],
    run: (input) => [parseAmzDate(textOf(input)), parseTime(textOf(input))],
  },
  {
    name: 'list-token',
    seeds: [encodeToken('key'), encodeToken('\u{1F418}'), ''],
    run: (input) => decodeToken(textOf(input), 'continuation-token'),
  },
  {
    name: 'client-address',
    seeds: ['1.2.3.4', '10.0.0.1, 10.0.0.2', '::ffff:10.0.0.1', 'unknown, [::1]:80', '2001:db8::1'],
    tokens: [', ', '10.0.0.1', '::1', '::ffff:'],
    run: (input) => clientAddressOf('10.1.1.1', new Map([['x-forwarded-for', textOf(input)]]), PROXIES),
  },
]

export const HTTP_TARGETS = TARGETS
