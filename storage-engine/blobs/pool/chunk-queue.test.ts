import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'

it('hands bytes on in order, however they are cut', () => {
  const bytes = randomBytes(100_000)
  const queue = createChunkQueue()
  for (let at = 0; at < bytes.length; at += 7_777) queue.push(bytes.subarray(at, at + 7_777))
  const targets = [1, 20_000, 0, 33_333].map((size) => Buffer.alloc(size))
  for (const target of targets) queue.moveTo(target)
  expect(queue.size).toBe(bytes.length - 53_334)
  expect(Buffer.concat([...targets, ...queue.drain()]).equals(bytes)).toBe(true)
  expect(queue.size).toBe(0)
})

it('refuses to hand on more than there is', () => {
  const queue = createChunkQueue()
  queue.push(Buffer.alloc(10))
  expect(() => queue.moveTo(Buffer.alloc(11))).toThrow('More bytes')
})

it('keeps no big buffer for the few bytes of it that a write left over', () => {
  const queue = createChunkQueue()
  queue.push(Buffer.allocUnsafeSlow(65_536).fill(7))
  queue.moveTo(Buffer.alloc(65_500))
  const [rest] = queue.drain()
  expect(rest).toEqual(Buffer.alloc(36, 7))
  expect(rest?.buffer.byteLength).toBe(36)
})

it('keeps no big buffer for a small view of it', () => {
  const queue = createChunkQueue()
  queue.push(Buffer.allocUnsafeSlow(65_536).subarray(0, 100))
  expect(queue.drain()[0]?.buffer.byteLength).toBe(100)
})

it.runIf(typeof ArrayBuffer.prototype.transfer === 'function')(
  'gives back what it has copied, if it is its own',
  () => {
    const [mine, theirs] = [Buffer.allocUnsafeSlow(2000), Buffer.allocUnsafeSlow(2000)]
    for (const [chunk, ownsChunks] of [
      [mine, true],
      [theirs, false],
    ] as const) {
      const queue = createChunkQueue({ ownsChunks })
      queue.push(chunk)
      queue.moveTo(Buffer.alloc(1200))
      expect([chunk.length, queue.size]).toEqual([2000, 800])
      queue.moveTo(Buffer.alloc(800))
    }
    expect([mine.length, theirs.length]).toEqual([0, 2000])
  },
)
