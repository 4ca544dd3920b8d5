import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMd5, type Md5, md5Of } from '#storage-engine/crypto/md5.ts'
import { jobsOffloaded, stopMd5Worker } from '#storage-engine/crypto/md5-worker.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

// The second thread starts when the machine lets it.
vi.setConfig({ testTimeout: 30_000 })

const nativeMd5 = (bytes: Uint8Array) => referenceMd5(bytes).toString('hex')

/** Feeds a message in its pieces, waiting whenever it is asked to. */
async function digestPieces(pieces: Buffer[], md5: Md5 = createMd5()): Promise<string> {
  for (const piece of pieces) await md5.update(piece)
  return (await md5.digest()).toString('hex')
}

describe('MD5', () => {
  // RFC 1321 §A.5.
  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      '57edf4a22be3c955ac49da2e2107b67a',
    ],
  ])('of %j is that of RFC 1321', async (text, hex) => {
    expect(await digestPieces([Buffer.from(text)])).toBe(hex)
    expect(md5Of([Buffer.from(text)]).toString('hex')).toBe(hex)
  })

  it('equals that of OpenSSL for every size around the block and lane borders', async () => {
    const sizes = [...Array.from({ length: 200 }, (_, size) => size), 65535, 65536, 65537, 131072, 1_000_003]
    for (const size of sizes) {
      const bytes = randomBytes(size)
      expect(await digestPieces([bytes]), `${size} bytes`).toBe(nativeMd5(bytes))
    }
  })

  it('equals that of OpenSSL for 1 to 9 messages at once, cut anywhere', async () => {
    const message = fc.array(fc.oneof({ arbitrary: fc.nat(300), weight: 3 }, fc.nat(70_000)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 9 }), async (messages) => {
        const bodies = messages.map((sizes) => sizes.map((size) => randomBytes(size)))
        const digests = await Promise.all(bodies.map((pieces) => digestPieces(pieces)))
        expect(digests).toEqual(bodies.map((pieces) => nativeMd5(Buffer.concat(pieces))))
      }),
      { numRuns: 40 },
    )
  })

  it('equals that of OpenSSL for messages that begin, pause and end at different times', async () => {
    const pause = (turns: number): Promise<void> =>
      turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(pause(turns - 1))))
    const bodies = Array.from({ length: 13 }, (_, index) =>
      Array.from({ length: index }, () => randomBytes(16_384 + index)),
    )
    const digests = await Promise.all(
      bodies.map(async (pieces, index) => {
        const md5 = createMd5()
        for (const piece of pieces) {
          await pause(index % 5)
          await md5.update(piece)
        }
        return (await md5.digest()).toString('hex')
      }),
    )
    expect(digests).toEqual(bodies.map((pieces) => nativeMd5(Buffer.concat(pieces))))
  })

  it('is not held up by messages that were left unfinished', async () => {
    for (let left = 0; left < 6; left++) void createMd5().update(randomBytes(50_000))
    const bytes = randomBytes(500_000)
    expect(await digestPieces([bytes])).toBe(nativeMd5(bytes))
  })

  it('asks the caller to wait once more than 64 KiB are pending, and not before', async () => {
    const md5 = createMd5()
    expect(md5.update(Buffer.alloc(65536))).toBeUndefined()
    const room = md5.update(Buffer.alloc(1))
    expect(room).toBeInstanceOf(Promise)
    await room
    expect(md5.update(Buffer.alloc(65000))).toBeUndefined()
    expect((await md5.digest()).toString('hex')).toBe(nativeMd5(Buffer.alloc(65536 + 1 + 65000)))
  })

  it('stays right for a caller that does not wait', async () => {
    const md5 = createMd5()
    const pieces = Array.from({ length: 40 }, () => randomBytes(20_011))
    for (const piece of pieces) void md5.update(piece)
    expect((await md5.digest()).toString('hex')).toBe(nativeMd5(Buffer.concat(pieces)))
  })

  it('takes nothing after its digest', async () => {
    const md5 = createMd5()
    await md5.digest()
    expect(() => md5.update(Buffer.alloc(1))).toThrow('finished')
    await expect(md5.digest()).rejects.toThrow('finished')
  })
})

describe('the second thread', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const large = (count: number) => Array.from({ length: count }, (_, index) => randomBytes(60_000 + (index % 3) * 2768))

  /** Lone and large, with pauses that let the thread start and fall behind. */
  async function digestSlowly(pieces: Buffer[]): Promise<string> {
    const md5 = createMd5()
    for (const [index, piece] of pieces.entries()) {
      await md5.update(piece)
      if (index % 4 === 0) await turn()
    }
    return (await md5.digest()).toString('hex')
  }

  it('takes a lone large message, and the digest stays right', async () => {
    await vi.waitFor(async () => {
      const pieces = large(40)
      expect(await digestSlowly(pieces)).toBe(nativeMd5(Buffer.concat(pieces)))
      expect(jobsOffloaded()).toBeGreaterThan(0)
    }, 20_000)
  })

  it('gives it back when others come, at any moment', async () => {
    const bodies = [60, 45, 30, 30, 20, 10].map(large)
    const digests = await Promise.all(
      bodies.map(async (pieces, index) => {
        for (let turns = 0; turns < index * 15; turns++) await turn()
        return digestSlowly(pieces)
      }),
    )
    expect(digests).toEqual(bodies.map((pieces) => nativeMd5(Buffer.concat(pieces))))
  })

  it('may die at any moment: what it had is digested here', async () => {
    const pieces = large(60)
    const digest = digestSlowly(pieces)
    for (let turns = 0; turns < 20; turns++) await turn()
    await stopMd5Worker()
    expect(await digest).toBe(nativeMd5(Buffer.concat(pieces)))
    const offloaded = jobsOffloaded()
    expect(await digestSlowly(pieces)).toBe(nativeMd5(Buffer.concat(pieces)))
    expect(jobsOffloaded()).toBe(offloaded)
  })
})

describe('where OpenSSL refuses MD5 (FIPS mode)', () => {
  afterEach(() => {
    vi.doUnmock('node:crypto')
    vi.resetModules()
  })

  it('gives the same digests', async () => {
    const refuse = () => {
      throw new Error('error:0308010C:digital envelope routines::unsupported')
    }
    vi.doMock('node:crypto', () => ({ createHash: refuse, hash: refuse }))
    vi.resetModules()
    const fips = await import('#storage-engine/crypto/md5.ts')
    for (const size of [0, 55, 56, 64, 4096, 65536, 200_000]) {
      const bytes = randomBytes(size)
      expect(fips.md5Of([bytes.subarray(0, 33), bytes.subarray(33)]).toString('hex')).toBe(nativeMd5(bytes))
      expect(await digestPieces([bytes], fips.createMd5())).toBe(nativeMd5(bytes))
    }
  })
})
