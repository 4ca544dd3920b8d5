import fc from 'fast-check'
import { expect, test } from 'vitest'
import { authenticate } from '#storage-engine/auth/authenticate.ts'
import { decodePercent, encodePercent } from '#storage-engine/auth/percent-encoding.ts'
import { readHeaders } from '#storage-engine/auth/request-headers.ts'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { parseCopyRange, parseRange } from '#storage-engine/s3/byte-range.ts'
import { checksumValues, readChecksum, readContentMd5 } from '#storage-engine/s3/checksum-headers.ts'
import { checkReadConditions } from '#storage-engine/s3/conditions.ts'
import { parseCopySource } from '#storage-engine/s3/copy-source-header.ts'
import { decodeToken, encodeToken } from '#storage-engine/s3/list-parameters.ts'
import { readDescription, refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { headersWithHoisted } from '#storage-engine/s3/presigned-headers.ts'
import { hostPrefix, locateByPath } from '#storage-engine/s3/target.ts'
import { readXml } from '#storage-engine/s3/xml-reader.ts'

/** Text as the wire gives it: one character a byte, with what parsers stumble over. */
const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '..',
    '%',
    '%2',
    '%2F',
    '%00',
    '%ff',
    '%C3%A9',
    '?',
    '&',
    '=',
    '+',
    ';',
    ',',
    '"',
    ' ',
    '\xe9',
    '\xff',
    '\x01',
    '{',
    'bytes=',
    '-',
    '0',
    '99999999999999999999',
  ),
  fc.string({ maxLength: 8 }).map((text) => Buffer.from(text).toString('latin1')),
)
const wire = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

/** Runs `parse`; anything thrown but a StorageError fails the test. */
function survive(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError)
  }
}

const PARSERS: Record<string, (text: string) => unknown> = {
  'request target': (text) => {
    const { rawPath, query } = splitRequestTarget(`/${text}`)
    locateByPath(rawPath, null)
    return headersWithHoisted(new Map(), query)
  },
  'absolute request target': (text) => splitRequestTarget(text, 'host'),
  'Host header': (text) => hostPrefix(text, { domain: 'localhost', region: 'us-east-1' }),
  Range: (text) => parseRange(`bytes=${text}`, 100),
  'x-amz-copy-source-range': (text) => parseCopyRange(text, 100),
  'x-amz-copy-source': (text) => parseCopySource(text),
  'continuation token': (text) => decodeToken(text, 'continuation-token'),
  XML: (text) => readXml(Buffer.from(text, 'latin1')),
  'XML element': (text) => readXml(Buffer.from(`<a>${text}</a>`, 'latin1')),
  'Content-MD5': (text) => readContentMd5(new Map([['content-md5', text]])),
  checksum: (text) => checksumValues(new Map([['x-amz-checksum-crc32', text]])),
  trailer: (text) => readChecksum(new Map([['x-amz-trailer', text]])),
  conditions: (text) =>
    checkReadConditions(
      new Map([
        ['if-match', text],
        ['if-modified-since', text],
      ]),
      { etag: 'e', lastModified: new Date(0) },
    ),
  'object headers': (text) => {
    const headers = new Map([
      [`x-amz-meta-${text}`, text],
      ['content-encoding', text],
      ['x-amz-storage-class', text],
    ])
    refuseUnsupported(headers)
    return readDescription(headers)
  },
}

test.each(Object.entries(PARSERS))('only a StorageError comes out of the parser of %s', (_name, parse) => {
  fc.assert(
    fc.property(wire, (text) => survive(() => parse(text))),
    { numRuns: 300 },
  )
})

test('only a StorageError comes out of authenticate, whatever stands in the Authorization header, the query and the headers', () => {
  const field = fc.oneof(
    wire,
    fc.constantFrom(
      'AWS4-HMAC-SHA256 ',
      'Credential=a/20130524/r/s3/aws4_request',
      'SignedHeaders=host',
      `Signature=${'0'.repeat(64)}`,
      'AWS a:b',
    ),
  )
  const value = fc.array(field, { maxLength: 6 }).map((fields) => fields.join(','))
  const dependencies = { findCredential: () => null, now: () => 0 }
  fc.assert(
    fc.property(value, value, wire, (authorization, date, query) => {
      survive(() => {
        const headers = readHeaders([
          'Host',
          'h',
          'Authorization',
          `AWS4-HMAC-SHA256 ${authorization}`,
          'x-amz-date',
          date,
          'x-amz-content-sha256',
          'UNSIGNED-PAYLOAD',
        ])
        return authenticate(dependencies, {
          method: 'GET',
          ...splitRequestTarget(`/?X-Amz-Date=${query}`),
          headers,
          hostBucket: null,
        })
      })
      survive(() =>
        authenticate(dependencies, {
          method: 'GET',
          ...splitRequestTarget(`/?X-Amz-Algorithm=${query}&X-Amz-Credential=${query}`),
          headers: new Map(),
          hostBucket: null,
        }),
      )
      survive(() =>
        authenticate(dependencies, {
          method: 'GET',
          ...splitRequestTarget(`/?${query}`),
          headers: readHeaders(['Authorization', `AWS ${authorization}`, 'Date', date]),
          hostBucket: null,
        }),
      )
      survive(() =>
        authenticate(dependencies, {
          method: 'GET',
          ...splitRequestTarget(`/?AWSAccessKeyId=a&Signature=${query}&Expires=99&acl=${query}&x-amz-a=${query}`),
          headers: new Map(),
          hostBucket: null,
        }),
      )
    }),
    { numRuns: 300 },
  )
})

test('decodes what it encodes, and encodes as SigV4 has it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed()),
      (text) => {
        const encoded = encodePercent(text)
        expect(encoded).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/)
        expect(decodePercent(encoded)).toBe(text)
        expect(decodeToken(encodeToken(text), 't')).toBe(text)
      },
    ),
  )
})
