import { CRC64_WASM } from '#storage-engine/crypto/wasm/kernels.generated.ts'

interface Kernel {
  memory: WebAssembly.Memory
  crc64(crc: bigint, start: number, size: number): bigint
  multiply(a: bigint, b: bigint, polynomial: bigint, one: bigint): bigint
  powerOfBytes(size: bigint, polynomial: bigint, one: bigint): bigint
}

const PAGE_BYTES = 65536

const kernel = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(CRC64_WASM, 'base64')))
  .exports as unknown as Kernel
/** The kernel keeps its tables below this address; here it reads what is copied in for it. */
const WINDOW_AT = kernel.memory.grow(1) * PAGE_BYTES
const window = new Uint8Array(kernel.memory.buffer, WINDOW_AT, PAGE_BYTES)

/** Of no bytes: the inverted register that `updateCrc64` starts from. */
export const CRC64_START = -1n

/** Continues an inverted CRC64NVME register over `chunk`. */
export function updateCrc64(register: bigint, chunk: Uint8Array): bigint {
  let next = register
  for (let offset = 0; offset < chunk.length; offset += PAGE_BYTES) {
    const piece = chunk.length <= PAGE_BYTES ? chunk : chunk.subarray(offset, offset + PAGE_BYTES)
    window.set(piece)
    next = kernel.crc64(next, WINDOW_AT, piece.length)
  }
  return next
}

/** A reflected CRC whose register starts and ends inverted. */
export interface CrcField {
  polynomial: bigint
  /** The bit that stands for x⁰: the highest one. */
  one: bigint
}

/**
 * The CRC of a body from those of its parts: crc(A ‖ B) = crc(A) · x^(8·|B|) + crc(B) over GF(2), since the inversions
 * at the start and the end cancel. Parts mostly have one size, so its power is computed once.
 */
export function combineCrcValues(field: CrcField, parts: Iterable<{ value: bigint; size: number }>): bigint {
  const { polynomial, one } = field
  let combined = 0n
  let power = one
  let powerSize = 0
  for (const { value, size } of parts) {
    if (size !== powerSize) {
      power = kernel.powerOfBytes(BigInt(size), polynomial, one)
      powerSize = size
    }
    combined = kernel.multiply(combined, power, polynomial, one) ^ value
  }
  return BigInt.asUintN(64, combined)
}
