import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

export interface RootProviderCase {
  name: string
  /** A provider over one root key, the same each time. */
  open(): Promise<RootProvider>
  /** A provider over a different root key. */
  openOther(): Promise<RootProvider>
}

/** What every root provider promises. */
export function describeRootProvider({ name, open, openOther }: RootProviderCase): void {
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

    it('says that it is well', async () => {
      await expect((await open()).health()).resolves.toBeUndefined()
    })
  })
}
