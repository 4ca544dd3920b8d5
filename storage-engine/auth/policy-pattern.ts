/** A policy's text with its wildcards and variables, ready to be matched: UTF-16 code units, wildcards, variables. */
export type Pattern = readonly (number | PolicyVariable)[]

export interface PolicyVariable {
  /** In lower case: `aws:username`. */
  key: string
  /** Null: what cannot be filled in matches nothing. */
  fallback: string | null
}

/** Resolves to the only value of a condition key; undefined when the request has none, or several. */
export type ResolveVariable = (key: string) => string | undefined

/** Any run of characters, also none; and exactly one character. No UTF-16 code unit is negative. */
const ANY_RUN = -1
const ANY_ONE = -2

const VARIABLE_START = '${'
const ESCAPED: ReadonlySet<string> = new Set(['*', '?', '$'])

/**
 * Reads `text`; `*` and `?` are wildcards when `wildcards` says so, and `${key}`, `${key, 'fallback'}` variables when
 * `variables` does, as they are from version 2012-10-17 on. `${*}`, `${?}` and `${$}` stand for the character itself.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function parsePattern(text: string, options: { wildcards: boolean; variables: boolean }): Pattern {
  const pattern: (number | PolicyVariable)[] = []
  const lastEnd = options.variables ? text.lastIndexOf('}') : -1
  let at = 0
  while (at < text.length) {
    if (at < lastEnd && text.startsWith(VARIABLE_START, at)) {
      const end = text.indexOf('}', at)
      pattern.push(parseVariable(text.slice(at + VARIABLE_START.length, end)))
      at = end + 1
      continue
    }
    const char = text[at] as string
    if (options.wildcards && char === '*') {
      if (pattern.at(-1) !== ANY_RUN) pattern.push(ANY_RUN)
    } else if (options.wildcards && char === '?') pattern.push(ANY_ONE)
    else pattern.push(text.charCodeAt(at))
    at++
  }
  return pattern
}

function parseVariable(content: string): number | PolicyVariable {
  if (ESCAPED.has(content)) return content.charCodeAt(0)
  const comma = content.indexOf(',')
  if (comma === -1) return { key: content.trim().toLowerCase(), fallback: null }
  const fallback = content.slice(comma + 1).trim()
  const isQuoted = fallback.length >= 2 && fallback.startsWith("'") && fallback.endsWith("'")
  return { key: content.slice(0, comma).trim().toLowerCase(), fallback: isQuoted ? fallback.slice(1, -1) : fallback }
}

/** The pattern with its variables filled in, literally: a wildcard in a value is none. Null when one has no value. */
export function fillPattern(pattern: Pattern, resolve: ResolveVariable): readonly number[] | null {
  if (!hasVariables(pattern)) return pattern as readonly number[]
  const filled: number[] = []
  for (const part of pattern) {
    if (typeof part === 'number') {
      filled.push(part)
      continue
    }
    const value = resolve(part.key) ?? part.fallback
    if (value === null) return null
    for (let index = 0; index < value.length; index++) filled.push(value.charCodeAt(index))
  }
  return filled
}

export function hasVariables(pattern: Pattern): boolean {
  return pattern.some((part) => typeof part !== 'number')
}

export function hasWildcards(pattern: Pattern): boolean {
  return pattern.some((part) => part === ANY_RUN || part === ANY_ONE)
}

/** The parts between the first `count - 1` colons of the pattern itself; colons that variables bring do not count. */
export function splitPattern(pattern: Pattern, count: number): Pattern[] {
  const colon = ':'.charCodeAt(0)
  const parts: Pattern[] = []
  let start = 0
  for (let index = 0; index < pattern.length && parts.length < count - 1; index++) {
    if (pattern[index] !== colon) continue
    parts.push(pattern.slice(start, index))
    start = index + 1
  }
  parts.push(pattern.slice(start))
  return parts
}

/**
 * Does the whole of `text` match? Remembers only the last run and tries again behind it, which nearly always is the shortest
 * way. Nothing that comes from outside ever becomes a regular expression.
 */
export function matchPattern(pattern: readonly number[], text: string): boolean {
  let at = 0
  let index = 0
  let afterRun = -1
  let runEnd = 0
  let stepsLeft = 2 * text.length
  while (index < text.length) {
    if (stepsLeft-- === 0) return matchInParallel(pattern, text)
    const expected = pattern[at]
    if (expected === ANY_RUN) {
      afterRun = ++at
      runEnd = index
    } else if (expected !== undefined && (expected === ANY_ONE || expected === text.charCodeAt(index))) {
      at++
      index++
    } else if (afterRun !== -1) {
      at = afterRun
      index = ++runEnd
    } else return false
  }
  while (pattern[at] === ANY_RUN) at++
  return at === pattern.length
}

/**
 * The same by following all ways at once, a bit each (the Shift-And algorithm): a pattern can be made so that one after the
 * other would take as long as the lengths of both multiplied, again and again, for each key of a request.
 */
function matchInParallel(pattern: readonly number[], text: string): boolean {
  const atoms = pattern.filter((part) => part !== ANY_RUN)
  if (atoms.length > text.length) return false
  const wordCount = (atoms.length >>> 5) + 1
  const masks = masksOf(atoms, wordCount)
  const stays = staysOf(pattern, wordCount)
  const none = masks.get(ANY_ONE) as Int32Array
  // Bit n: the first n atoms fit what was read so far.
  const reached = new Int32Array(wordCount)
  reached[0] = 1
  for (let index = 0; index < text.length; index++) {
    const mask = masks.get(text.charCodeAt(index)) ?? none
    let carry = 0
    for (let word = 0; word < wordCount; word++) {
      const before = reached[word] as number
      const moved = before & (mask[word] as number)
      reached[word] = (moved << 1) | carry | (before & (stays[word] as number))
      carry = moved >>> 31
    }
  }
  return isSet(reached, atoms.length)
}

/** By code unit, which atoms it fits; under ANY_ONE those that all fit. */
function masksOf(atoms: readonly number[], wordCount: number): Map<number, Int32Array> {
  const all = new Int32Array(wordCount)
  for (const [index, atom] of atoms.entries()) if (atom === ANY_ONE) set(all, index)
  const masks = new Map([[ANY_ONE, all]])
  for (const [index, atom] of atoms.entries()) {
    if (atom === ANY_ONE) continue
    const mask = masks.get(atom) ?? all.slice()
    masks.set(atom, mask)
    set(mask, index)
  }
  return masks
}

/** After how many atoms any run of characters may be passed over. */
function staysOf(pattern: readonly number[], wordCount: number): Int32Array {
  const stays = new Int32Array(wordCount)
  let count = 0
  for (const part of pattern) {
    if (part === ANY_RUN) set(stays, count)
    else count++
  }
  return stays
}

function set(bits: Int32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] as number) | (1 << (index & 31))
}

function isSet(bits: Int32Array, index: number): boolean {
  return (((bits[index >>> 5] as number) >>> (index & 31)) & 1) === 1
}
