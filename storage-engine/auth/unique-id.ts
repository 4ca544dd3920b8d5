const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** 128 bits. */
const DIGITS = 26

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
export const UNIQUE_ID_PREFIXES = {
  user: 'AIDA',
  group: 'AGPA',
  role: 'AROA',
  policy: 'ANPA',
} as const

export type UniqueIdKind = keyof typeof UNIQUE_ID_PREFIXES

/** The id that IAM shows of a thing: a prefix that says what it is, and its UUID in base32. */
export function uniqueIdOf(kind: UniqueIdKind, uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let digits = ''
  for (let count = 0; count < DIGITS; count++) {
    digits = BASE32.charAt(Number(rest & 31n)) + digits
    rest >>= 5n
  }
  return UNIQUE_ID_PREFIXES[kind] + digits
}

/** The UUID in a unique id of this kind; null when it is none. */
export function uuidOfUniqueId(kind: UniqueIdKind, uniqueId: string): string | null {
  const prefix = UNIQUE_ID_PREFIXES[kind]
  if (!uniqueId.startsWith(prefix) || uniqueId.length !== prefix.length + DIGITS) return null
  let value = 0n
  for (const digit of uniqueId.slice(prefix.length)) {
    const index = BASE32.indexOf(digit)
    if (index === -1) return null
    value = (value << 5n) | BigInt(index)
  }
  if (value >> 128n !== 0n) return null
  return value
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
