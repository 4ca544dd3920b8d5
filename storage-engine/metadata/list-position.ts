/** Sorts behind every key, since a key has at most 1,024 bytes. */
const BEHIND_ALL_KEYS = '\u{10FFFF}'.repeat(257)
/** Keys hold no NUL, so this is the smallest thing that can follow a key. */
const SMALLEST_CHARACTER = '\u0001'

/**
 * Where a listing goes on behind `after`, as an inclusive lower bound. `after` is a key or a common prefix that was listed
 * before: a common prefix stands for all keys that begin with it, and so does any text that lies within one, because the
 * prefix itself sorts before that text.
 */
export function lowerBoundAfter(after: string, { prefix, delimiter }: { prefix: string; delimiter: string }): string {
  if (after === '') return ''
  const cut = delimiter !== '' && after.startsWith(prefix) ? after.indexOf(delimiter, prefix.length) : -1
  return cut >= 0 ? after.slice(0, cut + delimiter.length) + BEHIND_ALL_KEYS : after + SMALLEST_CHARACTER
}

/** The exclusive upper bound of the keys that begin with `prefix`. */
export function upperBoundOf(prefix: string): string {
  return prefix + BEHIND_ALL_KEYS
}

/**
 * Makes texts from outside fit to be compared with keys, none of which holds a NUL (Postgres cannot): everything above `a`,
 * NUL and whatever follows is above `a`; nothing begins with a prefix that holds one.
 */
export function withoutNul(text: string): string {
  const cut = text.indexOf('\0')
  return cut < 0 ? text : text.slice(0, cut)
}
