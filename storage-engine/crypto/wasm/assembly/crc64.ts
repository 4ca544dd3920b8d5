// CRC64NVME (reflected, polynomial 0x9A6C9329AC4BC9B5), sixteen bytes a step by tables, and the algebra that joins CRCs.

const POLYNOMIAL: u64 = 0x9a6c9329ac4bc9b5
const TABLE_ENTRIES: usize = 256
const TABLE_BYTES: usize = TABLE_ENTRIES << 3
const TABLE_COUNT: usize = 16
/** The upper half of the first page. A literal, so that it becomes the fixed offset of a load. */
const TABLES: usize = 32768

fillTables()

function fillTables(): void {
  for (let byte: usize = 0; byte < TABLE_ENTRIES; byte++) {
    let crc = <u64>byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1
    store<u64>(TABLES + (byte << 3), crc)
  }
  for (let at = TABLES; at < TABLES + (TABLE_COUNT - 1) * TABLE_BYTES; at += 8) {
    const before = load<u64>(at)
    store<u64>(at + TABLE_BYTES, load<u64>(slot(before), TABLES) ^ (before >> 8))
  }
}

/** Where the low byte of `value` points to in a table. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function slot(value: u64): usize {
  return (<usize>value & 255) << 3
}

/** Continues `crc` (inverted, as between the first and the last byte) over `size` bytes at `start`. */
export function crc64(crc: u64, start: usize, size: usize): u64 {
  const end = start + size
  let at = start
  for (; at + 16 <= end; at += 16) {
    const low = crc ^ load<u64>(at)
    const high = load<u64>(at, 8)
    crc =
      load<u64>(slot(low), TABLES + 15 * TABLE_BYTES) ^
      load<u64>(slot(low >> 8), TABLES + 14 * TABLE_BYTES) ^
      load<u64>(slot(low >> 16), TABLES + 13 * TABLE_BYTES) ^
      load<u64>(slot(low >> 24), TABLES + 12 * TABLE_BYTES) ^
      load<u64>(slot(low >> 32), TABLES + 11 * TABLE_BYTES) ^
      load<u64>(slot(low >> 40), TABLES + 10 * TABLE_BYTES) ^
      load<u64>(slot(low >> 48), TABLES + 9 * TABLE_BYTES) ^
      load<u64>(slot(low >> 56), TABLES + 8 * TABLE_BYTES) ^
      load<u64>(slot(high), TABLES + 7 * TABLE_BYTES) ^
      load<u64>(slot(high >> 8), TABLES + 6 * TABLE_BYTES) ^
      load<u64>(slot(high >> 16), TABLES + 5 * TABLE_BYTES) ^
      load<u64>(slot(high >> 24), TABLES + 4 * TABLE_BYTES) ^
      load<u64>(slot(high >> 32), TABLES + 3 * TABLE_BYTES) ^
      load<u64>(slot(high >> 40), TABLES + 2 * TABLE_BYTES) ^
      load<u64>(slot(high >> 48), TABLES + 1 * TABLE_BYTES) ^
      load<u64>(slot(high >> 56), TABLES)
  }
  for (; at < end; at++) crc = load<u64>(slot(crc ^ <u64>load<u8>(at)), TABLES) ^ (crc >> 8)
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
