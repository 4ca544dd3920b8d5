import { StorageError } from '#storage-engine/errors.ts'

/** Inclusive on both ends. */
export interface ByteRange {
  start: number
  end: number
}

/** No two runs of white space beside each other: to share one out in every way would take its length squared. */
const SINGLE_RANGE = /^bytes\s*=\s*(?:(\d{1,18})\s*)?-\s*(\d{0,18})$/i

/**
 * The range that a Range header asks of `size` bytes. Null: send everything, as for a header that is malformed or names
 * several ranges, which S3 ignores. Throws InvalidRange (416 with Content-Range) when no byte of it exists.
 */
export function parseRange(header: string, size: number): ByteRange | null {
  const fields = SINGLE_RANGE.exec(header.trim())
  if (fields === null) return null
  const [, first = '', last = ''] = fields
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), size)
    if (length === 0) throw unsatisfiable(header, size)
    return { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return null
  if (start >= size) throw unsatisfiable(header, size)
  return { start, end }
}

/** x-amz-copy-source-range: always `bytes=first-last`. Throws InvalidArgument and InvalidRange. */
export function parseCopyRange(header: string, size: number): ByteRange {
  const fields = /^bytes=(\d{1,18})-(\d{1,18})$/.exec(header)
  const start = Number(fields?.[1])
  const end = Number(fields?.[2])
  if (fields === null || end < start) {
    throw new StorageError('InvalidArgument', {
      message:
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      extra: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header },
    })
  }
  if (end >= size) throw unsatisfiable(header, size)
  return { start, end }
}

function unsatisfiable(header: string, size: number): StorageError {
  return new StorageError('InvalidRange', {
    headers: { 'Content-Range': `bytes */${size}` },
    extra: { RangeRequested: header, ActualObjectSize: String(size) },
  })
}
