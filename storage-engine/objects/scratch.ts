import { READ_SCRATCH_BYTES } from '#storage-engine/blobs/blob-store.ts'
import { giveBack } from '#storage-engine/given-memory.ts'

/**
 * Memory that stored bytes are read into until they are opened, kept for the next reads: 38 MiB in all at most. Hundreds of
 * small reads may be under way at once: with the memory of a large one each, V8 marked its heap twice as often (0017).
 */
const sizes: { bytes: number; kept: number; free: Buffer[] }[] = [
  { bytes: 16 * 1024, kept: 256, free: [] },
  { bytes: 80 * 1024, kept: 128, free: [] },
  { bytes: READ_SCRATCH_BYTES, kept: 64, free: [] },
]

/** At least so many bytes, at most READ_SCRATCH_BYTES, with anything in them. */
export function takeScratch(bytes: number): Buffer {
  const size = sizes.find((each) => each.bytes >= bytes)
  if (size === undefined) throw new RangeError(`A scratch of ${bytes} bytes: ${READ_SCRATCH_BYTES} at most.`)
  return size.free.pop() ?? Buffer.allocUnsafeSlow(size.bytes)
}

/** Only once nobody reads into it any more. */
export function freeScratch(scratch: Buffer): void {
  const size = sizes.find(({ bytes }) => scratch.length === bytes)
  if (size !== undefined && size.free.length < size.kept) size.free.push(scratch)
  else giveBack(scratch)
}
