import { StorageError } from '#storage-engine/errors.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: the class names the bytes that need no decoding
const PLAIN = /^[\x01-\x24\x26-\x7e]*$/
const NOT_ASCII = /[\x80-\xff]/g
const RESERVED_LEFT_ALONE = /[!'()*]/g
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/

/**
 * Decodes `%XX` once, and nothing else: no plus sign, no dot segment, no double decoding. Raw bytes above 127 are taken
 * as the UTF-8 that some clients send. Throws InvalidURI for malformed escapes, invalid UTF-8 and NUL.
 */
export function decodePercent(raw: string): string {
  if (PLAIN.test(raw)) return raw
  try {
    const decoded = decodeURIComponent(raw.replace(NOT_ASCII, escapeByte))
    if (!decoded.includes('\0')) return decoded
  } catch (cause) {
    throw new StorageError('InvalidURI', { cause })
  }
  throw new StorageError('InvalidURI')
}

/** RFC 3986 encoding with upper-case hexadecimal, as SigV4 wants it; a slash becomes `%2F`. */
export function encodePercent(text: string): string {
  if (UNRESERVED.test(text)) return text
  return encodeURIComponent(text).replace(RESERVED_LEFT_ALONE, escapeByte)
}

function escapeByte(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
