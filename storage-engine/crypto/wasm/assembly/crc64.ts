// CRC64NVME (reflected, polynomial 0x9A6C9329AC4BC9B5), sixteen bytes a step by tables, and the algebra that joins CRCs.

const POLYNOMIAL: u64 = 0x9a6c9329ac4bc9b5
const TABLE_ENTRIES: usize = 256
const TABLE_BYTES: usize = TABLE_ENTRIES << 3
const TABLE_COUNT: usize = 16
const tables = memory.data(32768, 16)

fillTables()

function fillTables(): void {
  for (let byte: usize = 0; byte < TABLE_ENTRIES; byte++) {
    let crc = <u64>byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1
    store<u64>(tables + (byte << 3), crc)
  }
  for (let table: usize = 1; table < TABLE_COUNT; table++) {
    for (let byte: usize = 0; byte < TABLE_ENTRIES; byte++) {
      const before = entry(table - 1, <u64>byte)
      store<u64>(tables + table * TABLE_BYTES + (byte << 3), entry(0, before & 255) ^ (before >> 8))
    }
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function entry(table: usize, byte: u64): u64 {
  return load<u64>(tables + table * TABLE_BYTES + (<usize>(byte & 255) << 3))
}

/** Continues `crc` (inverted, as between the first and the last byte) over `size` bytes at `start`. */
export function crc64(crc: u64, start: usize, size: usize): u64 {
  const end = start + size
  let at = start
  for (; at + 16 <= end; at += 16) {
    const low = crc ^ load<u64>(at)
    const high = load<u64>(at, 8)
    crc =
      entry(15, low) ^
      entry(14, low >> 8) ^
      entry(13, low >> 16) ^
      entry(12, low >> 24) ^
      entry(11, low >> 32) ^
      entry(10, low >> 40) ^
      entry(9, low >> 48) ^
      entry(8, low >> 56) ^
      entry(7, high) ^
      entry(6, high >> 8) ^
      entry(5, high >> 16) ^
      entry(4, high >> 24) ^
      entry(3, high >> 32) ^
      entry(2, high >> 40) ^
      entry(1, high >> 48) ^
      entry(0, high >> 56)
  }
  for (; at < end; at++) crc = entry(0, crc ^ <u64>load<u8>(at)) ^ (crc >> 8)
  return crc
}

/** a · b modulo a reflected polynomial, where `one` is the bit that stands for x⁰ (the highest one). */
export function multiply(a: u64, b: u64, polynomial: u64, one: u64): u64 {
  let product: u64 = 0
  for (let bit = one; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b
    b = b & 1 ? (b >> 1) ^ polynomial : b >> 1
  }
  return product
}

/** x to the power of 8 · size: what `size` more bytes do to a CRC. */
export function powerOfBytes(size: u64, polynomial: u64, one: u64): u64 {
  let square = one >> 8
  let power = one
  for (; size != 0; size >>= 1) {
    if (size & 1) power = multiply(power, square, polynomial, one)
    square = multiply(square, square, polynomial, one)
  }
  return power
}
