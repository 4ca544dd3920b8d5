/** Takes any write of the pool: a header block and 17 pages, or a group of records. */
export const SLOT_BYTES = 18 * 65_536
const SLOTS_PER_SLAB = 8

/**
 * Page-aligned buffers, which direct I/O demands and Node's own allocator cannot promise: WebAssembly memory begins at a
 * page and never moves. Slots are created on demand, at most `slotCountMax`, and never given back to the system.
 */
export interface AlignedMemory {
  /** A slot of SLOT_BYTES with arbitrary content; callers wait their turn in order of arrival. */
  take(): Promise<Buffer>
  free(slot: Buffer): void
}

export function createAlignedMemory({ slotCountMax }: { slotCountMax: number }): AlignedMemory {
  const spare: Buffer[] = []
  const waiting: ((slot: Buffer) => void)[] = []
  let slotCount = 0

  const grow = () => {
    const count = Math.min(SLOTS_PER_SLAB, slotCountMax - slotCount)
    if (count <= 0) return
    spare.push(...allocateSlots(count))
    slotCount += count
  }

  return {
    take() {
      if (spare.length === 0) grow()
      const slot = spare.pop()
      if (slot !== undefined) return Promise.resolve(slot)
      return new Promise((resolve) => waiting.push(resolve))
    },
    free(slot) {
      const next = waiting.shift()
      if (next === undefined) spare.push(slot)
      else next(slot)
    },
  }
}

/** `count` slots of SLOT_BYTES outside of any pool. */
export function allocateSlots(count: number): Buffer[] {
  const pages = (count * SLOT_BYTES) / 65_536
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages })
  return Array.from({ length: count }, (_, index) => Buffer.from(buffer, index * SLOT_BYTES, SLOT_BYTES))
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}
