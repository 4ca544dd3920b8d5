import { expect, it } from 'vitest'
import { giveBack, share } from '#storage-engine/given-memory.ts'

const canGiveBack = typeof ArrayBuffer.prototype.transfer === 'function'

it.runIf(canGiveBack)('empties every view of memory that is given back', () => {
  const bytes = Buffer.allocUnsafeSlow(65_536)
  const view = bytes.subarray(10, 20)
  giveBack(bytes)
  expect([bytes.length, view.length, bytes.buffer.byteLength]).toEqual([0, 0, 0])
})

it('leaves memory alone that holds more than these bytes', () => {
  const whole = Buffer.allocUnsafeSlow(2000).fill(7)
  giveBack(whole.subarray(0, 1999))
  expect(whole).toEqual(Buffer.alloc(2000, 7))
})

it('leaves a few bytes to the collector', () => {
  const tag = Buffer.allocUnsafeSlow(16).fill(7)
  giveBack(tag)
  expect(tag).toEqual(Buffer.alloc(16, 7))
})

it('leaves memory alone that others share or that cannot be given back', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2000))
  giveBack(shared)
  giveBack(Buffer.alloc(0))
  expect(shared.length).toBe(2000)
})

it.runIf(canGiveBack)('empties memory that is shared only when the second one gives it back', () => {
  const bytes = Buffer.allocUnsafeSlow(2000).fill(7)
  share(bytes)
  giveBack(bytes)
  expect(bytes).toEqual(Buffer.alloc(2000, 7))
  giveBack(bytes)
  expect(bytes.length).toBe(0)
})
