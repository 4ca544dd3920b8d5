/** A cipher's tag, a header: less than this is left to the collector for less than giving it back costs. */
const WORTH_BYTES_MIN = 1024

const readTwice = new WeakSet<ArrayBufferLike>()

/**
 * Gives the memory of bytes that nobody reads any more back to the system's allocator, at once. Bodies live outside of V8's
 * heap, and V8 answers their growth with collections of all that it holds; what is given back by hand, it never has to look
 * for (docs/decisions/0017). Only for memory that is the caller's alone: afterwards every view of it is empty. Of a view of
 * something bigger nothing happens, nor in a Node that cannot do it (below 22): the collector takes it then.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (bytes.byteLength !== buffer.byteLength || bytes.byteLength < WORTH_BYTES_MIN) return
  if (buffer instanceof ArrayBuffer && !readTwice.delete(buffer)) detach(buffer)
}

/** Two will read these bytes, in whatever order: the first one's giving back has no effect. */
export function share(bytes: Uint8Array): void {
  readTwice.add(bytes.buffer)
}

const detach: (buffer: ArrayBuffer) => void =
  typeof ArrayBuffer.prototype.transfer === 'function' ? (buffer) => void buffer.transfer(0) : () => {}
