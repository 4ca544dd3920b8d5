import { MD5_WASM } from '#storage-engine/crypto/wasm/kernels.generated.ts'

interface Kernel {
  md5Lanes(state: number, a0: number, a1: number, a2: number, a3: number, blockCount: number): void
  md5One(state: number, start: number, blockCount: number): void
}

const PAGE_BYTES = 65536

export const MD5_BLOCK_BYTES = 64
export const MD5_LANE_COUNT = 4
/** The most bytes of one message that one call digests. */
export const MD5_LANE_BYTES = PAGE_BYTES

/** Jobs that may wait for the worker at once: a power of two. */
export const MD5_JOB_COUNT_MAX = 4

/**
 * The kernel's memory, by page: 0 its own, 1 states (of the lanes, then of the worker's jobs) and the worker's cells,
 * 2 to 5 lanes, 6 to 9 the worker's jobs. Fixed and shared: md5-worker.ts runs the same kernel on another thread.
 */
const STATE_AT = PAGE_BYTES
export const MD5_JOB_STATES_AT = STATE_AT + 64
export const MD5_CELLS_AT = STATE_AT + 1024
const LANES_AT = 2 * PAGE_BYTES
export const MD5_JOBS_AT = LANES_AT + MD5_LANE_COUNT * MD5_LANE_BYTES
const PAGE_COUNT = 10

export const md5Memory = new WebAssembly.Memory({ initial: PAGE_COUNT, maximum: PAGE_COUNT, shared: true })
export const md5Module = new WebAssembly.Module(Buffer.from(MD5_WASM, 'base64'))
const kernel = new WebAssembly.Instance(md5Module, { env: { memory: md5Memory } }).exports as unknown as Kernel
const words = new Uint32Array(md5Memory.buffer, STATE_AT, 4 * MD5_LANE_COUNT)

/** Where a lane's bytes go before a call: at most MD5_LANE_BYTES, whole blocks. */
export const md5Lanes: readonly Buffer[] = Array.from({ length: MD5_LANE_COUNT }, (_, lane) =>
  Buffer.from(md5Memory.buffer, LANES_AT + lane * MD5_LANE_BYTES, MD5_LANE_BYTES),
)

/** The four words of a message of which nothing is digested yet (RFC 1321 §3.3). */
export function createMd5State(): Uint32Array {
  return Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
}

/**
 * Advances up to four messages by `blockCount` blocks each, read from the lanes of the same index. One message alone
 * takes a scalar road: three idle lanes would cost more than they save.
 */
export function digestLanes(states: readonly Uint32Array[], blockCount: number): void {
  if (states.length === 1) {
    const state = states[0] as Uint32Array
    words.set(state)
    digestJob(STATE_AT, LANES_AT, blockCount)
    state.set(words.subarray(0, 4))
    return
  }
  const addresses = [0, 1, 2, 3].map((lane) => LANES_AT + Math.min(lane, states.length - 1) * MD5_LANE_BYTES)
  const [a0, a1, a2, a3] = addresses as [number, number, number, number]
  for (const [lane, state] of states.entries()) {
    for (let word = 0; word < 4; word++) words[word * MD5_LANE_COUNT + lane] = state[word] as number
  }
  kernel.md5Lanes(STATE_AT, a0, a1, a2, a3, blockCount)
  for (const [lane, state] of states.entries()) {
    for (let word = 0; word < 4; word++) state[word] = words[word * MD5_LANE_COUNT + lane] as number
  }
}

/** Advances the four words at `stateAt` by `blockCount` blocks from `start`; they change at the very end, all or none. */
export function digestJob(stateAt: number, start: number, blockCount: number): void {
  kernel.md5One(stateAt, start, blockCount)
}

/** What follows a message of `size` bytes: a bit, zeros, and its length, up to a whole block (RFC 1321 §3.1, §3.2). */
export function md5Padding(size: number): Buffer {
  const padding = Buffer.alloc(MD5_BLOCK_BYTES - ((size + 8) % MD5_BLOCK_BYTES) + 8)
  padding[0] = 0x80
  padding.writeBigUInt64LE(BigInt.asUintN(64, BigInt(size) * 8n), padding.length - 8)
  return padding
}

/** The digest that a finished state stands for: 16 bytes. */
export function md5DigestOf(state: Uint32Array): Buffer {
  const digest = Buffer.allocUnsafe(16)
  for (const [word, value] of state.entries()) digest.writeUInt32LE(value, word * 4)
  return digest
}
