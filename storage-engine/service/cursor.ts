import { StorageError } from '#storage-engine/errors.ts'

/**
 * A place in a list, made opaque. It is no secret and grants nothing: whoever alters one sees another page of a list that
 * they may see anyway, and each query binds its namespace itself.
 */
export function encodeCursor(place: (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The place that a cursor says, when it holds values of these very types. Throws InvalidArgument. */
export function decodeCursor<const Shape extends readonly ('string' | 'number')[]>(
  cursor: string,
  shape: Shape,
): { -readonly [Index in keyof Shape]: Shape[Index] extends 'string' ? string : number } {
  const place = parse(cursor)
  const fits =
    Array.isArray(place) &&
    place.length === shape.length &&
    place.every((value, index) => typeof value === shape[index])
  if (!fits) throw new StorageError('InvalidArgument', { message: 'The cursor is not one of this list.' })
  return place as never
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
