import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChunkVerifier } from '#storage-engine/auth/chunk-signature.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { createAwsChunkedDecoder } from '#storage-engine/s3/aws-chunked.ts'

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const SCOPE = '20130524/us-east-1/s3/aws4_request'
const SIGNING_KEY = SCOPE.split('/').reduce(hmac, Buffer.from(`AWS4${SECRET}`))

function verifier(seedSignature: string) {
  return createChunkVerifier({
    signingKey: createSecretKey(SIGNING_KEY),
    date: '20130524T000000Z',
    scope: SCOPE,
    seedSignature,
  })
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
const SIGNED_SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const SIGNED = Buffer.concat([
  Buffer.from('10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n'),
  Buffer.alloc(65_536, 'a'),
  Buffer.from('\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n'),
  Buffer.alloc(1024, 'a'),
  Buffer.from('\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n'),
])

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
const TRAILER_SEED = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'
const trailerBody = (trailer: string) =>
  Buffer.concat([
    Buffer.from('10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n'),
    Buffer.alloc(65_536, 'a'),
    Buffer.from('\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n'),
    Buffer.alloc(1024, 'a'),
    Buffer.from('\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n'),
    Buffer.from(trailer),
  ])
const TRAILER_SIGNATURE = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'
const TRAILER = `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${TRAILER_SIGNATURE}\r\n\r\n`

interface DecodeInput {
  seed: string | null
  hasTrailer: boolean
  pieceSize?: number
}

function decode(framed: Buffer, { seed, hasTrailer, pieceSize = framed.length }: DecodeInput) {
  const chunks: Buffer[] = []
  const decoder = createAwsChunkedDecoder({
    verifier: seed === null ? null : verifier(seed),
    hasTrailer,
    onData: (chunk) => void chunks.push(chunk),
  })
  for (let at = 0; at < framed.length; at += pieceSize) void decoder.push(framed.subarray(at, at + pieceSize))
  decoder.finish()
  return { content: Buffer.concat(chunks), trailers: decoder.trailers }
}

function codeOf(framed: Buffer, input: DecodeInput): string {
  try {
    decode(framed, input)
    return 'ok'
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

const signedBody: DecodeInput = { seed: SIGNED_SEED, hasTrailer: false }
const signedTrailer: DecodeInput = { seed: TRAILER_SEED, hasTrailer: true }
const unsignedTrailer: DecodeInput = { seed: null, hasTrailer: true }

test.each([1, 7, 4096, 66_000])("verifies AWS's example of signed chunks, in pieces of %i bytes", (pieceSize) => {
  expect(decode(SIGNED, { ...signedBody, pieceSize }).content.equals(Buffer.alloc(66_560, 'a'))).toBe(true)
})

test.each([1, 4096])("verifies AWS's example of a signed trailer, in pieces of %i bytes", (pieceSize) => {
  const { content, trailers } = decode(trailerBody(TRAILER), { ...signedTrailer, pieceSize })
  expect(content.length).toBe(66_560)
  expect(trailers).toEqual(new Map([['x-amz-checksum-crc32c', 'sOO8/Q==']]))
})

test("takes minio-go's spelling of a signed trailer", () => {
  const spelled = TRAILER.replace('sOO8/Q==\r\n', 'sOO8/Q==\n\r\n')
  expect(decode(trailerBody(spelled), signedTrailer).trailers.size).toBe(1)
})

test('refuses a changed byte, a wrong seed, a moved chunk and a missing signature', () => {
  const changed = Buffer.from(SIGNED)
  changed[100] = 0x62
  expect(codeOf(changed, signedBody)).toBe('SignatureDoesNotMatch')
  expect(codeOf(SIGNED, { ...signedBody, seed: TRAILER_SEED })).toBe('SignatureDoesNotMatch')
  expect(
    codeOf(Buffer.from(SIGNED.toString('latin1').replace(/;chunk-signature=\w+/g, ''), 'latin1'), signedBody),
  ).toBe('SignatureDoesNotMatch')
})

test('refuses a trailer that is unsigned, changed, or follows its signature', () => {
  const codes = [
    'x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n\r\n',
    TRAILER.replace('sOO8', 'sOO9'),
    `x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:${TRAILER_SIGNATURE}\r\nx-amz-checksum-sha1:x\r\n\r\n`,
  ].map((trailer) => codeOf(trailerBody(trailer), signedTrailer))
  expect(codes).toEqual(['SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'MalformedTrailerError'])
})

test('refuses chunk signatures where none can be verified', () => {
  expect(codeOf(SIGNED, { seed: null, hasTrailer: false })).toBe('SignatureDoesNotMatch')
})

test('decodes unsigned chunks with a trailer', () => {
  const framed = Buffer.from('3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n')
  expect(decode(framed, { ...unsignedTrailer, pieceSize: 1 })).toEqual({
    content: Buffer.from('abcde'),
    trailers: new Map([['x-amz-checksum-crc32', 'AAAAAA==']]),
  })
})

test.each([
  '',
  '3\r\nab',
  '3\r\nabc\r\n',
  '0\r\n',
  '0\r\na:b\r\n',
  'zz\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '0\r\n\r\nx',
  '1'.repeat(1100),
])('answers IncompleteBody for the broken framing %j', (text) => {
  expect(codeOf(Buffer.from(text), unsignedTrailer)).toBe('IncompleteBody')
})

test('waits for the sink before it decodes on', async () => {
  let release = () => {}
  const seen: string[] = []
  const decoder = createAwsChunkedDecoder({
    verifier: null,
    hasTrailer: true,
    onData(chunk) {
      seen.push(chunk.toString())
      return new Promise((resolve) => {
        release = resolve
      })
    },
  })
  const waiting = decoder.push(Buffer.from('1\r\na\r\n1\r\nb\r\n0\r\n\r\n'))
  expect(seen).toEqual(['a'])
  release()
  await new Promise(setImmediate)
  expect(seen).toEqual(['a', 'b'])
  release()
  await waiting
  decoder.finish()
})

test('survives any bytes: only a StorageError comes out', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom('3\r\n', 'abc', '\r\n', '0\r\n', 'x-a:b\r\n', ';chunk-signature=', '\n')
      .map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), fc.boolean(), (pieces, isSigned, hasTrailer) => {
      const framed = Buffer.concat(pieces)
      const whole = codeOf(framed, { seed: isSigned ? SIGNED_SEED : null, hasTrailer })
      // Where the network cuts the bytes makes no difference.
      expect(codeOf(framed, { seed: isSigned ? SIGNED_SEED : null, hasTrailer, pieceSize: 3 })).toBe(whole)
    }),
  )
})
