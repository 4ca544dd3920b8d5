import { StorageError } from '#storage-engine/errors.ts'

/**
 * The one range of a Range header over `size` bytes, inclusive; null when all of them are to be sent: no header, a form
 * that RFC 9110 says to ignore, or several ranges, which no browser download asks for. Throws InvalidRange.
 */
export function parseByteRange(header: string | undefined, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return null
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < start) return null
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new StorageError('InvalidRange', { headers: { 'content-range': `bytes */${size}` } })
  }
  return { start, end }
}
