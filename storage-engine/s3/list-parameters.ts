import { encodePercent } from '#storage-engine/auth/percent-encoding.ts'
import type { Query } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Entries on one page at most, as S3 has it. */
export const PAGE_ENTRIES_MAX = 1000

/**
 * A page size such as max-keys: absent is 1,000, more than 1,000 is 1,000. Throws InvalidArgument for what is no
 * non-negative integer.
 */
export function readPageSize(query: Query, name: string): number {
  const text = query.values.get(name)
  if (text === undefined || text === '') return PAGE_ENTRIES_MAX
  if (/^\d{1,10}$/.test(text) && Number(text) <= 2 ** 31 - 1) return Math.min(Number(text), PAGE_ENTRIES_MAX)
  const isNumber = /^-?\d+$/.test(text)
  throw new StorageError('InvalidArgument', {
    message: isNumber
      ? `Argument ${name} must be an integer between 0 and 2147483647`
      : `Provided ${name} not an integer or within integer range`,
    extra: { ArgumentName: name, ArgumentValue: text },
  })
}

/** How keys are spelled in a listing: as they are, or URL-encoded when the client asks for it. */
export type EncodeKey = (key: string) => string

/** Reads encoding-type. Throws InvalidArgument. */
export function readEncoding(query: Query): { isUrl: boolean; encode: EncodeKey } {
  const type = query.values.get('encoding-type')
  if (type === undefined || type === '') return { isUrl: false, encode: (key) => key }
  if (type.toLowerCase() === 'url') return { isUrl: true, encode: encodeKey }
  throw new StorageError('InvalidArgument', {
    message: 'Invalid Encoding Method specified in Request',
    extra: { ArgumentName: 'encoding-type', ArgumentValue: type },
  })
}

/** Percent-encoding that leaves slashes readable; a space is `%20`, which every client decodes alike. */
function encodeKey(key: string): string {
  return encodePercent(key).replaceAll('%2F', '/')
}

/** Opaque to clients: they hand back what they got. */
export function encodeToken(position: string): string {
  return Buffer.from(`1${position}`).toString('base64url')
}

/** Throws InvalidArgument for a token that we did not make. */
export function decodeToken(token: string, parameter: string): string {
  const bytes = Buffer.from(token, 'base64url')
  const text = bytes.toString('utf8')
  const isOurs =
    text.startsWith('1') &&
    bytes.toString('base64url') === token &&
    Buffer.from(text).equals(bytes) &&
    !text.includes('\0')
  if (!isOurs) {
    throw new StorageError('InvalidArgument', {
      message: 'The continuation token provided is incorrect',
      extra: { ArgumentName: parameter, ArgumentValue: token.slice(0, 200) },
    })
  }
  return text.slice(1)
}
