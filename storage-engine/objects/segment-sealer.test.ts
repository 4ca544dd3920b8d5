import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { PLAIN_SEGMENT_BYTES } from '#storage-engine/crypto/floe.ts'
import { createSegmentSealer, type SegmentSealer } from '#storage-engine/objects/segment-sealer.ts'
import { openMessage } from '#storage-engine/testing/open-message.ts'

const key = randomBytes(32)
const aad = Buffer.from('where it belongs')

function sealInto(sealed: Buffer[]): SegmentSealer {
  return createSegmentSealer({ key, aad, write: (chunk) => void sealed.push(chunk) })
}

const opened = (sealed: Buffer) => openMessage({ key, aad, sealed })

it.each([
  ['nothing', 0, 1],
  ['one byte', 1, 1],
  ['one full segment', PLAIN_SEGMENT_BYTES, 16_384],
  ['a byte more than a segment', PLAIN_SEGMENT_BYTES + 1, 16_384],
  ['chunks that end nowhere near a segment', 5 * PLAIN_SEGMENT_BYTES + 3, 10_007],
  ['very many small chunks', 2 * PLAIN_SEGMENT_BYTES + 5, 7],
  ['chunks of several segments', 7 * PLAIN_SEGMENT_BYTES, 3 * PLAIN_SEGMENT_BYTES - 1],
])('seals %s so that it opens again', async (_, size, chunkBytes) => {
  const plain = randomBytes(size)
  const sealed: Buffer[] = []
  const sealer = sealInto(sealed)
  for (let at = 0; at < size; at += chunkBytes) await sealer.write(Buffer.from(plain.subarray(at, at + chunkBytes)))
  await sealer.end()
  expect(opened(Buffer.concat(sealed)).equals(plain)).toBe(true)
})

it('keeps messages apart that are sealed at the same time', async () => {
  const plains = [randomBytes(200_000), randomBytes(200_000)]
  const messages: Buffer[][] = plains.map(() => [])
  const sealers = messages.map((message) =>
    createSegmentSealer({
      key,
      aad,
      async write(chunk) {
        await new Promise((resolve) => setImmediate(resolve))
        message.push(chunk)
      },
    }),
  )
  const sealOne = async (index: number) => {
    const plain = plains[index] as Buffer
    for (let at = 0; at < plain.length; at += 9_000) await sealers[index]?.write(plain.subarray(at, at + 9_000))
    await sealers[index]?.end()
  }
  await Promise.all([sealOne(0), sealOne(1)])
  const areWhole = messages.map((message, index) => opened(Buffer.concat(message)).equals(plains[index] as Buffer))
  expect(areWhole).toEqual([true, true])
})

it('asks to wait when its writer does, and only then', () => {
  const more = Buffer.alloc(PLAIN_SEGMENT_BYTES + 1)
  expect(sealInto([]).write(more)).toBeUndefined()
  const sealer = createSegmentSealer({ key, aad, write: async () => {} })
  expect(sealer.write(more)).toBeInstanceOf(Promise)
})

it('lets go of the big buffers that a slow client sent small pieces in', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const sealer = sealInto([])
  const buffers = Array.from({ length: 640 }, () => {
    const big = Buffer.allocUnsafeSlow(16_384)
    void sealer.write(big.subarray(0, 8))
    return new WeakRef(big.buffer)
  })
  // What a WeakRef refers to lives to the end of the turn that made it.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  expect(buffers.filter((buffer) => buffer.deref() !== undefined).length).toBeLessThanOrEqual(64)
  // Otherwise the sealer itself might be gone with all that it keeps.
  expect(sealer.end).toBeTypeOf('function')
})
