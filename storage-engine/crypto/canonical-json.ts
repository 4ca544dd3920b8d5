/** What canonical JSON can say. Numbers are whole and safe (at most 2^53 - 1 either way); strings are well-formed Unicode. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** Deep enough for whatever we sign, and shallow enough to refuse what somebody made up. */
const DEPTH_MAX = 32

/**
 * The one way of writing a value: no spaces, names in order of their UTF-16 code units, strings escaped as JSON.stringify
 * does. That is RFC 8785 without fractions, whose notation is where implementations differ. Throws TypeError for anything
 * else, so that nothing is left out silently.
 */
export function canonicalJson(value: JsonValue, depth = 0): string {
  if (depth > DEPTH_MAX) throw new TypeError('Not canonical JSON: nested too deep.')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return wholeNumber(value)
  if (typeof value === 'string') return wellFormed(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError(`Not canonical JSON: ${typeof value}.`)
  }
  const members = Object.entries(value as Record<string, JsonValue>)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, item]) => `${wellFormed(name)}:${canonicalJson(item, depth + 1)}`).join(',')}}`
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new TypeError(`Not canonical JSON: ${value}.`)
  return String(value)
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('Not canonical JSON: a lone surrogate.')
  return JSON.stringify(text)
}
