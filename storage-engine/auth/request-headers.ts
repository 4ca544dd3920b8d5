import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Two of these would let two parsers of one request disagree on what was signed. */
const SINGLE: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expect',
  'host',
  'transfer-encoding',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-security-token',
])

/**
 * Reads `IncomingMessage.rawHeaders` (name, value, name, value…). Throws InvalidRequest for a repeated single header and for
 * an empty Content-Length, and NotImplemented for any Transfer-Encoding but chunked, all of which Node lets pass.
 */
export function readHeaders(rawHeaders: readonly string[]): Headers {
  const headers = new Map<string, string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    const value = rawHeaders[index + 1] as string
    const earlier = headers.get(name)
    if (earlier === undefined) {
      headers.set(name, value)
      continue
    }
    if (SINGLE.has(name))
      throw new StorageError('InvalidRequest', { message: `The header ${name} must not be repeated.` })
    headers.set(name, `${earlier},${value}`)
  }
  // Node takes it for none.
  if (headers.get('content-length') === '')
    throw new StorageError('InvalidRequest', { message: 'The header content-length must be a number.' })
  const encoding = headers.get('transfer-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw new StorageError('NotImplemented', {
      message: 'A header you provided implies functionality that is not implemented',
      extra: { Header: 'Transfer-Encoding', additionalMessage: encoding.slice(0, 100) },
    })
  }
  return headers
}
