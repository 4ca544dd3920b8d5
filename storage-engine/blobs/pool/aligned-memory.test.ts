import { describe, expect, it } from 'vitest'
import { alignUp, createAlignedMemory, SLOT_BYTES } from '#storage-engine/blobs/pool/aligned-memory.ts'

describe('Aligned memory', () => {
  it('gives out no more slots than allowed, then in order of arrival', async () => {
    const memory = createAlignedMemory({ slotCountMax: 3 })
    const slots = await Promise.all([memory.take(), memory.take(), memory.take()])
    expect(new Set(slots.map((slot) => `${slot.byteOffset}`)).size).toBe(3)
    expect(slots.every((slot) => slot.length === SLOT_BYTES && slot.byteOffset % 4_096 === 0)).toBe(true)
    const order: string[] = []
    const first = memory.take().then((slot) => order.push('first') && slot)
    const second = memory.take().then((slot) => order.push('second') && slot)
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual([])
    memory.free(slots[1] as Buffer)
    expect(await first).toBe(slots[1])
    expect(order).toEqual(['first'])
    memory.free(slots[0] as Buffer)
    expect(await second).toBe(slots[0])
  })

  it('aligns upwards', () => {
    expect([0, 1, 4_096, 4_097].map((value) => alignUp(value, 4_096))).toEqual([0, 4_096, 4_096, 8_192])
  })
})
