import { randomFillSync } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const POOL_BYTES = 8192

const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES
let lastMs = 0
let sequence = 0

/**
 * A new UUID of version 7 (RFC 9562 §5.7, method 1): time-ordered, and strictly growing within one process.
 * 62 of its bits are random.
 */
export function newId(now: number = Date.now()): string {
  advance(now)
  if (used + 8 > POOL_BYTES) refill()
  const at = used
  used += 8
  const time = lastMs.toString(16).padStart(12, '0')
  const variant = 0x80 | ((pool[at] as number) & 0x3f)
  let id = `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${hex(variant)}${hex(pool[at + 1])}-`
  for (let index = 2; index < 8; index++) id += hex(pool[at + index])
  return id
}

/** The clock may stand still or step back; ids do not. */
function advance(now: number): void {
  if (now > lastMs) {
    lastMs = now
    sequence = 0
  } else if (sequence === 0xfff) {
    lastMs++
    sequence = 0
  } else {
    sequence++
  }
}

function refill(): void {
  randomFillSync(pool)
  used = 0
}

function hex(byte: number | undefined): string {
  return HEX[byte as number] as string
}
