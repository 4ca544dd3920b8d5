import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/**
 * Signature Version 4 as a client makes it, written apart from the product's own verifier so that one cannot hide the
 * other's mistakes. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

export interface Signer {
  /**
   * Headers to send: those given plus x-amz-date, x-amz-content-sha256 and authorization. `headers` are lower-case and
   * hold `host`; `path` is percent-encoded already; `query` is not.
   */
  sign(request: SignableRequest): Record<string, string>
  /** Frames `body` as STREAMING-AWS4-HMAC-SHA256-PAYLOAD chunks, each signed after the one before. */
  signChunks(input: { body: Buffer; chunkBytes: number; headers: Record<string, string> }): Buffer
}

export interface SignableRequest {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  /** Hexadecimal SHA-256, or one of S3's literals such as UNSIGNED-PAYLOAD. */
  payloadHash: string
}

const EMPTY_SHA256 = createHash('sha256').digest('hex')

export function createSigner(credentials: Credentials, now: () => Date = () => new Date()): Signer {
  let signingDay = ''
  let signingKey: KeyObject | null = null

  function keyOf(day: string): KeyObject {
    if (signingKey === null || signingDay !== day) {
      signingKey = deriveSigningKey(credentials, day)
      signingDay = day
    }
    return signingKey
  }

  return {
    sign(request) {
      const date = amzDate(now())
      const day = date.slice(0, 8)
      const headers: Record<string, string> = {
        ...request.headers,
        'x-amz-content-sha256': request.payloadHash,
        'x-amz-date': date,
      }
      const names = Object.keys(headers).sort()
      const canonical = [
        request.method,
        request.path,
        canonicalQuery(request.query),
        ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
        '',
        names.join(';'),
        request.payloadHash,
      ].join('\n')
      const scope = `${day}/${credentials.region}/s3/aws4_request`
      const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`
      headers['authorization'] =
        `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
        `SignedHeaders=${names.join(';')}, Signature=${hmac(keyOf(day), toSign).toString('hex')}`
      return headers
    },
    signChunks({ body, chunkBytes, headers }) {
      const date = headers['x-amz-date'] ?? ''
      const day = date.slice(0, 8)
      const scope = `${day}/${credentials.region}/s3/aws4_request`
      let previous = /Signature=([0-9a-f]{64})/.exec(headers['authorization'] ?? '')?.[1] ?? ''
      const framed: Buffer[] = []
      for (let start = 0; ; start += chunkBytes) {
        const chunk = body.subarray(start, start + chunkBytes)
        const toSign = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${previous}\n${EMPTY_SHA256}\n${sha256(chunk)}`
        previous = hmac(keyOf(day), toSign).toString('hex')
        framed.push(
          Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`),
          chunk,
          Buffer.from('\r\n'),
        )
        if (chunk.length === 0) return Buffer.concat(framed)
      }
    },
  }
}

/** RFC 3986 as S3 wants it: everything but the unreserved characters. */
function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Path of a bucket, or of an object in path style; slashes of the key stay. */
export function encodePath(bucket: string | null, key: string | null): string {
  if (bucket === null) return '/'
  if (key === null) return `/${bucket}`
  return `/${bucket}/${key.split('/').map(encodeComponent).join('/')}`
}

export function canonicalQuery(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`)
    .sort()
    .join('&')
}

function deriveSigningKey({ secretAccessKey, region }: Credentials, day: string): KeyObject {
  const dayKey = hmac(createSecretKey(Buffer.from(`AWS4${secretAccessKey}`)), day)
  const regionKey = hmac(createSecretKey(dayKey), region)
  const serviceKey = hmac(createSecretKey(regionKey), 's3')
  return createSecretKey(hmac(createSecretKey(serviceKey), 'aws4_request'))
}

function amzDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
