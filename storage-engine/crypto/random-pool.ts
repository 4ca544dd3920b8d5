import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8192

const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/**
 * Fills `target[offset, offset + size)` from the system's generator. Drawing many small values at once makes a nonce
 * about ten times cheaper; a byte is wiped from the pool when it is handed out, since some of them become keys.
 */
export function fillRandom(target: Buffer, offset: number, size: number): void {
  if (size > POOL_BYTES) throw new RangeError(`At most ${POOL_BYTES} random bytes at a time, not ${size}.`)
  if (used + size > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(target, offset, used, used + size)
  pool.fill(0, used, used + size)
  used += size
}
