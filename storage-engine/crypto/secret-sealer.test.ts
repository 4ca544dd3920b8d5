import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { createSecretSealer } from '#storage-engine/crypto/secret-sealer.ts'

const CACHE_MS = 300_000
const RETRY_MS = 30_000
const secret = {
  purpose: 'credential',
  context: 'access key AKIA1',
  plain: Buffer.from('a secret key of a client'),
} as const

/** A sealer over a root whose wrapped keys have `recordSize` bytes, and which the test can stop, slow and empty. */
function createSetting({ recordSize = 93 } = {}) {
  const state = { now: 0, failure: null as Error | null, isHanging: false, asked: 0 }
  const keys = new Map<string, Buffer>()
  const ask = async () => {
    state.asked++
    if (state.isHanging) await new Promise(() => undefined)
    if (state.failure !== null) throw state.failure
  }
  const root = {
    async wrap(_: unknown, key: Buffer) {
      await ask()
      const record = randomBytes(recordSize)
      keys.set(record.toString('hex'), Buffer.from(key))
      return record
    },
    async unwrap(_: unknown, record: Buffer) {
      await ask()
      const key = keys.get(record.toString('hex'))
      if (key === undefined) throw new SealBrokenError('unknown')
      return Buffer.from(key)
    },
    now: () => state.now,
  }
  return { state, keys, sealer: createSecretSealer(root), openAnother: () => createSecretSealer(root) }
}

describe('a secret under a long wrapped key', () => {
  it.each([22, 92, 94, 300, 1024])('opens in another process (%i bytes)', async (recordSize) => {
    const setting = createSetting({ recordSize })
    const sealed = await setting.sealer.seal(secret)
    expect(sealed[0]).toBe(2)
    expect((await setting.openAnother().open({ ...secret, sealed })).equals(secret.plain)).toBe(true)
  })

  it('does not open with any byte changed or cut off', async () => {
    const { sealer } = createSetting({ recordSize: 300 })
    const sealed = await sealer.seal(secret)
    for (let at = 0; at < sealed.length; at++) {
      const forged = Buffer.from(sealed)
      forged[at] = (forged[at] as number) ^ 1
      await expect(sealer.open({ ...secret, sealed: forged }), `byte ${at}`).rejects.toThrow(SealBrokenError)
      await expect(sealer.open({ ...secret, sealed: sealed.subarray(0, at) })).rejects.toThrow(SealBrokenError)
    }
  })

  it('of 93 bytes is sealed in the first version, which older programs open', async () => {
    expect((await createSetting().sealer.seal(secret))[0]).toBe(1)
  })
})

describe('while the root provider is down', () => {
  const down = new Error('connection refused')

  it('open secrets stay open, new ones are sealed, and the provider is asked every 30 s', async () => {
    const { sealer, state } = createSetting()
    const sealed = await sealer.seal(secret)
    state.failure = down
    for (let step = 0; step < 20; step++) {
      state.now = CACHE_MS + step * 10_000
      expect((await sealer.open({ ...secret, sealed })).equals(secret.plain)).toBe(true)
      const later = await sealer.seal(secret)
      expect((await sealer.open({ ...secret, sealed: later })).equals(secret.plain)).toBe(true)
    }
    expect(state.asked).toBeLessThan(20)
    state.failure = null
    state.now += RETRY_MS
    await sealer.open({ ...secret, sealed })
    await sealer.open({ ...secret, sealed })
    const before = state.asked
    state.now += RETRY_MS
    await sealer.open({ ...secret, sealed })
    expect(state.asked).toBe(before)
  })

  it('nobody waits for a provider that has not answered before', async () => {
    const { sealer, state } = createSetting()
    const sealed = await sealer.seal(secret)
    state.failure = down
    state.now = CACHE_MS
    await sealer.open({ ...secret, sealed })
    state.isHanging = true
    state.now += RETRY_MS
    expect((await sealer.open({ ...secret, sealed })).equals(secret.plain)).toBe(true)
  })

  it('a secret that is not needed to sign in waits', async () => {
    const { sealer, state } = createSetting()
    const other = { ...secret, purpose: 'attestation' } as const
    const sealed = await sealer.seal(other)
    state.failure = down
    state.now = CACHE_MS
    await expect(sealer.open({ ...other, sealed })).rejects.toThrow(down)
    await expect(sealer.seal(other)).rejects.toThrow(down)
  })
})

it('a root key that was taken away opens nothing after 300 s', async () => {
  const { sealer, state, keys } = createSetting()
  const sealed = await sealer.seal(secret)
  keys.clear()
  state.now = CACHE_MS
  await expect(sealer.open({ ...secret, sealed })).rejects.toThrow(SealBrokenError)
  await expect(sealer.open({ ...secret, sealed })).rejects.toThrow(SealBrokenError)
})
