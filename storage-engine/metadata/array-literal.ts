/**
 * Postgres array literals, written by hand because they carry every row of a batch: the driver's own encoder takes
 * three times as long.
 */

/** Of numbers, booleans and UUIDs made by us: values that need no quoting. */
export function plainArray(values: readonly (string | number | null)[]): string {
  let literal = '{'
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ','
    literal += values[index] ?? 'NULL'
  }
  return `${literal}}`
}

/** Of any text. */
export function textArray(values: readonly (string | null)[]): string {
  let literal = '{'
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ','
    const value = values[index]
    literal += value === null || value === undefined ? 'NULL' : quote(value)
  }
  return `${literal}}`
}

/** Of JSON values; `null` becomes SQL's NULL. */
export function jsonArray(values: readonly (object | null)[]): string {
  return textArray(values.map((value) => (value === null ? null : JSON.stringify(value))))
}

export function bytesArray(values: readonly (Uint8Array | null)[]): string {
  let literal = '{'
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ','
    const value = values[index]
    literal += value
      ? `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`
      : 'NULL'
  }
  return `${literal}}`
}

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

function quote(value: string): string {
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`
}
