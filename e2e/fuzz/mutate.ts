/** Numbers from 0 up to below `limit`, the same for the same seed (mulberry32). */
export type Random = (limit: number) => number

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

/** What parsers in general stumble over. */
const TOKENS = [
  ...['\0', '\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', '%', '%00', '%2e', '%2F', '%zz', '%c0%af', '%ed%a0%80', '+'],
  ...[
    '/',
    '//',
    '..',
    '../',
    '?',
    '&',
    '=',
    ';',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '<',
    '>',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '*',
  ],
  ...['0', '-0', '-1', '1', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967296', '1e309', 'NaN'],
  ...['9007199254740992', '9223372036854775807', '18446744073709551616', '99999999999999999999', '0x10', '1.5'],
  ...['__proto__', 'constructor', 'toString', 'null', 'true', 'undefined', '[object Object]'],
  ...['\xff', '\xc3', '\xc3\xa9', '\xed\xa0\x80', '\xef\xbb\xbf', '\xf0\x9f\x90\x98', '\xe2\x80\xae'],
]
const INTERESTING_BYTES = [0, 1, 9, 10, 13, 32, 34, 37, 47, 48, 57, 60, 62, 127, 128, 192, 254, 255]
const STEPS_MAX = 6
const SIZE_MAX = 64 * 1024
const REPEATS_MAX = 2_000

export interface MutateInput {
  random: Random
  /** Other inputs, to splice with. */
  pool: readonly Buffer[]
  /** Words of the format. */
  tokens: readonly string[]
}

/** A changed copy of `input`, of at most 64 KiB. */
export function mutate(input: Buffer, context: MutateInput): Buffer {
  let output = input
  const steps = 1 + context.random(STEPS_MAX)
  for (let step = 0; step < steps; step++) {
    const change = CHANGES[context.random(CHANGES.length)] as Change
    output = change(output, context).subarray(0, SIZE_MAX)
  }
  return output
}

type Change = (input: Buffer, context: MutateInput) => Buffer

const CHANGES: Change[] = [
  flipBit,
  replaceByte,
  insertBytes,
  removeSlice,
  removeSlice,
  repeatSlice,
  moveSlice,
  insertToken,
  insertToken,
  insertToken,
  replaceByToken,
  replaceByToken,
  splice,
  cut,
  changeNumber,
]

function put(input: Buffer, start: number, end: number, middle: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, start), middle, input.subarray(end)])
}

/** Mostly short, now and then up to the whole. */
function sliceOf(input: Buffer, random: Random): { start: number; end: number } {
  const start = random(input.length + 1)
  const longest = random(4) === 0 ? input.length - start : Math.min(16, input.length - start)
  return { start, end: start + random(longest + 1) }
}

function flipBit(input: Buffer, { random }: MutateInput): Buffer {
  if (input.length === 0) return input
  const copy = Buffer.from(input)
  const at = random(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << random(8))
  return copy
}

function replaceByte(input: Buffer, { random }: MutateInput): Buffer {
  if (input.length === 0) return input
  const copy = Buffer.from(input)
  copy[random(copy.length)] = INTERESTING_BYTES[random(INTERESTING_BYTES.length)] as number
  return copy
}

function insertBytes(input: Buffer, { random }: MutateInput): Buffer {
  const bytes = Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256)))
  const at = random(input.length + 1)
  return put(input, at, at, bytes)
}

function removeSlice(input: Buffer, { random }: MutateInput): Buffer {
  const { start, end } = sliceOf(input, random)
  return put(input, start, end, Buffer.alloc(0))
}

function repeatSlice(input: Buffer, { random }: MutateInput): Buffer {
  const { start, end } = sliceOf(input, random)
  const slice = input.subarray(start, end)
  const times = Math.min(1 + random(random(8) === 0 ? REPEATS_MAX : 8), Math.ceil(SIZE_MAX / (slice.length + 1)))
  return put(input, start, start, Buffer.concat(Array.from({ length: times }, () => slice)))
}

function moveSlice(input: Buffer, { random }: MutateInput): Buffer {
  const { start, end } = sliceOf(input, random)
  const rest = put(input, start, end, Buffer.alloc(0))
  const at = random(rest.length + 1)
  return put(rest, at, at, input.subarray(start, end))
}

function tokenOf({ random, tokens }: MutateInput): Buffer {
  const own = tokens.length > 0 && random(2) === 0
  const from = own ? tokens : TOKENS
  return Buffer.from(from[random(from.length)] as string, 'latin1')
}

function insertToken(input: Buffer, context: MutateInput): Buffer {
  const at = context.random(input.length + 1)
  return put(input, at, at, tokenOf(context))
}

function replaceByToken(input: Buffer, context: MutateInput): Buffer {
  const { start, end } = sliceOf(input, context.random)
  return put(input, start, end, tokenOf(context))
}

function splice(input: Buffer, { random, pool }: MutateInput): Buffer {
  const other = pool[random(pool.length)] ?? input
  return Buffer.concat([input.subarray(0, random(input.length + 1)), other.subarray(random(other.length + 1))])
}

function cut(input: Buffer, { random }: MutateInput): Buffer {
  return input.subarray(0, random(input.length + 1))
}

/** The nearest run of digits becomes another number. */
function changeNumber(input: Buffer, context: MutateInput): Buffer {
  const text = input.toString('latin1')
  const digits = /\d+/g
  digits.lastIndex = context.random(text.length + 1)
  const found = digits.exec(text) ?? /\d+/.exec(text)
  if (found === null) return insertToken(input, context)
  const value = BigInt(found[0].slice(0, 30)) + BigInt(context.random(5) - 2)
  const changed = context.random(3) === 0 ? `${value}0000000000` : String(value)
  return put(input, found.index, found.index + found[0].length, Buffer.from(changed, 'latin1'))
}
