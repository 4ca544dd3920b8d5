import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RootProvider, RootRotation } from '#storage-engine/crypto/root-provider.ts'
import { rootKeyOf } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

export interface RootProviderCase {
  name: string
  /** A provider over one root key, the same each time. */
  open(): Promise<RootProvider>
  /** A provider over a different root key. */
  openOther(): Promise<RootProvider>
  /** A provider over a root key that the suite may rotate and retire; left out where that is not for the provider to do. */
  openRotatable?(): Promise<RootProvider>
}

/** What every root provider promises. */
export function describeRootProvider({ name, open, openOther, openRotatable }: RootProviderCase): void {
  describe(`root provider: ${name}`, () => {
    const context = Buffer.from('a context')
    const key = randomBytes(32)

    it('returns a wrapped key, also after it was opened again', async () => {
      const record = await (await open()).wrap({ context, key })
      expect((await (await open()).unwrap({ context, record })).equals(key)).toBe(true)
    })

    it('wraps differently each time and never shows the key', async () => {
      const provider = await open()
      const [first, second] = [await provider.wrap({ context, key }), await provider.wrap({ context, key })]
      expect(first.equals(second)).toBe(false)
      expect(first.includes(key.subarray(0, 8))).toBe(false)
    })

    it('rejects another context, an altered record and one cut short with SealBrokenError', async () => {
      const provider = await open()
      const record = await provider.wrap({ context, key })
      const altered = Buffer.from(record)
      altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
      const other = Buffer.from('another context')
      await expect(provider.unwrap({ context: other, record })).rejects.toThrow(SealBrokenError)
      await expect(provider.unwrap({ context, record: altered })).rejects.toThrow(SealBrokenError)
      await expect(provider.unwrap({ context, record: record.subarray(0, 40) })).rejects.toThrow(SealBrokenError)
    })

    it('rejects what another root key wrapped with SealBrokenError', async () => {
      const record = await (await openOther()).wrap({ context, key })
      await expect((await open()).unwrap({ context, record })).rejects.toThrow(SealBrokenError)
    })

    it('names its active key, the same each time and not that of another root key', async () => {
      const active = await (await open()).active()
      expect(active.id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
      expect(active.version).toBeGreaterThan(0)
      expect(await (await open()).active()).toEqual(active)
      expect((await (await openOther()).active()).id).not.toBe(active.id)
    })

    it('lists the active key first', async () => {
      const provider = await open()
      const [first] = await provider.list()
      expect(first).toMatchObject({ ...(await provider.active()), state: 'active' })
    })

    it('says what it is, and where', async () => {
      const provider = await open()
      expect(provider.location).not.toBe('')
      expect(provider.rotation === null).toBe(openRotatable === undefined)
    })

    it('says that it is well', async () => {
      await expect((await open()).health()).resolves.toBeUndefined()
    })

    if (openRotatable !== undefined) describeRotation(openRotatable)
  })
}

function describeRotation(open: () => Promise<RootProvider>): void {
  const context = Buffer.from('a context')
  const key = randomBytes(32)

  it('wraps under a new key once rotated, and opens what the old one wrapped until that is retired', async () => {
    const provider = await open()
    const rotation = provider.rotation as RootRotation
    const [before, old] = [await provider.active(), await provider.wrap({ context, key })]
    const after = await rotation.rotate()
    expect(after.version).toBeGreaterThan(before.version)
    expect(await provider.active()).toEqual(after)
    expect(await (await open()).active()).toEqual(after)
    const record = await provider.wrap({ context, key })
    expect(rootKeyOf(record)).toEqual(after)
    expect(rootKeyOf(old)).toEqual(before)
    expect((await provider.unwrap({ context, record: old })).equals(key)).toBe(true)
    expect((await provider.list()).map(({ version, state }) => ({ version, state }))).toEqual([
      { version: after.version, state: 'active' },
      { version: before.version, state: 'decrypt-only' },
    ])

    await rotation.retire(before)
    await rotation.retire(before)
    await expect(provider.unwrap({ context, record: old })).rejects.toThrow(SealBrokenError)
    await expect((await open()).unwrap({ context, record: old })).rejects.toThrow(SealBrokenError)
    expect((await provider.unwrap({ context, record })).equals(key)).toBe(true)
    expect(await provider.list()).toHaveLength(1)
  })

  it('never retires its active key', async () => {
    const provider = await open()
    const retired = (provider.rotation as RootRotation).retire(await provider.active())
    await expect(retired).rejects.toMatchObject({ code: 'InvalidRequest' })
    await expect(provider.health()).resolves.toBeUndefined()
  })
}
