import { StorageError } from '#storage-engine/errors.ts'

/**
 * A place in a list, made opaque. It is no secret and grants nothing: whoever alters one sees another page of a list that
 * they may see anyway, and each query binds its namespace itself.
 */
export function encodeCursor(place: (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

type Kind = 'string' | 'number' | 'integer'

/** The place that a cursor says, when it holds values of these very kinds. Throws InvalidArgument. */
export function decodeCursor<const Shape extends readonly Kind[]>(
  cursor: string,
  shape: Shape,
): { -readonly [Index in keyof Shape]: Shape[Index] extends 'string' ? string : number } {
  const place = parse(cursor)
  const fits =
    Array.isArray(place) && place.length === shape.length && place.every((value, index) => isOf(shape[index], value))
  if (!fits) throw new StorageError('InvalidArgument', { message: 'The cursor is not one of this list.' })
  return place as never
}

/** Postgres has no NUL in texts, and no fractions in ids. */
function isOf(kind: Kind | undefined, value: unknown): boolean {
  if (kind === 'string') return typeof value === 'string' && !value.includes('\0')
  return kind === 'integer' ? Number.isSafeInteger(value) : typeof value === 'number'
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
