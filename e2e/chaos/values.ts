import { createCipheriv, createHash, randomBytes } from 'node:crypto'

/** Bytes that name themselves: the first 16 are the id, the rest follow from it, so any cut, mix or swap shows. */
export interface Value {
  /** 32 hexadecimal digits. */
  id: string
  body: Buffer
  /** MD5 of the body, as S3 answers it for a single PUT. */
  etag: string
}

const ID_BYTES = 16

export function makeValue(size: number): Value {
  const body = bodyOf(randomBytes(ID_BYTES), Math.max(size, ID_BYTES))
  return { id: body.toString('hex', 0, ID_BYTES), body, etag: md5(body) }
}

/** How every value of this id begins. */
export function beginningOf(id: string, size: number): Buffer {
  return bodyOf(Buffer.from(id, 'hex'), size)
}

/** The id that `body` claims, or why it cannot be a value that was ever sent. */
export function readValue(body: Buffer): { id: string } | { damaged: string } {
  if (body.length < ID_BYTES) return { damaged: `only ${body.length} bytes` }
  const whole = bodyOf(body.subarray(0, ID_BYTES), body.length)
  if (whole.equals(body)) return { id: body.toString('hex', 0, ID_BYTES) }
  const at = body.findIndex((byte, index) => byte !== whole[index])
  return { damaged: `${body.length} bytes, of which the one at ${at} is wrong` }
}

/** What S3 answers for a multipart object: MD5 of the parts' MD5s, and their count. */
export function multipartEtag(parts: Buffer[]): string {
  const digests = parts.map((part) => createHash('md5').update(part).digest())
  return `${md5(Buffer.concat(digests))}-${parts.length}`
}

function bodyOf(id: Buffer, size: number): Buffer {
  const stream = createCipheriv('aes-128-ctr', id, Buffer.alloc(16)).update(Buffer.alloc(size - ID_BYTES))
  return Buffer.concat([id, stream])
}

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex')
}
