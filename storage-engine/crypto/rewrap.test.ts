import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { DataKey, SecondKey } from '#storage-engine/crypto/keyring.ts'
import type { RootKey } from '#storage-engine/crypto/local-root-provider.ts'
import type { NamespaceKeyRow } from '#storage-engine/crypto/namespace-key-cache.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import {
  bytesOf,
  createKeyringSetting as createSetting,
  newPlace,
  newRootKey,
} from '#storage-engine/testing/keyring-setting.ts'

describe('namespace keys with a shred token', () => {
  it('open with root key and token, and not once the token is destroyed, whatever the database holds', async () => {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    const made = await setting.keyring.createDataKey(place)
    expect(setting.tokens.size).toBe(1)
    expect(bytesOf(await createSetting(setting).keyring.openDataKey({ ...place, ...made }))).toBe(bytesOf(made.key))
    setting.tokens.clear()
    const { keyring } = createSetting(setting)
    await expect(keyring.openDataKey({ ...place, ...made })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(keyring.createDataKey(place)).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('do not open with another token, nor with a token under another name', async () => {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    const [row] = setting.rows.get(place.namespaceId) as [NamespaceKeyRow]
    const other = await setting.keyring.createNamespaceKey({ namespaceId: place.namespaceId, version: 2 })
    for (const changed of [
      { ...row, tokenId: other.tokenId },
      { ...row, tokenId: null },
    ]) {
      setting.rows.set(place.namespaceId, [changed])
      await expect(createSetting(setting).keyring.createDataKey(place)).rejects.toThrow(SealBrokenError)
    }
    setting.rows.set(place.namespaceId, [row])
    setting.tokens.set(row.tokenId as string, setting.tokens.get(other.tokenId as string) as Buffer)
    await expect(createSetting(setting).keyring.createDataKey(place)).rejects.toThrow(SealBrokenError)
  })

  it('open under a new root key once wrapped again, without the old one', async () => {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    const made = await setting.keyring.createDataKey(place)
    const old = setting.rootKeys[0] as RootKey
    setting.rootKeys.splice(0, 1, newRootKey(), { ...old, state: 'decrypt-only' })
    const [row] = setting.rows.get(place.namespaceId) as [NamespaceKeyRow]
    const wrapped = { wrappedKey: row.wrappedKey as Buffer, tokenId: row.tokenId }
    const again = await setting.keyring.rewrapNamespaceKey({ namespaceId: place.namespaceId, version: 1, ...wrapped })
    const token = await setting.keyring.rewrapShredToken(row.tokenId as string)
    setting.rootKeys.splice(1, 1)
    const isOpen = async () => bytesOf(await createSetting(setting).keyring.openDataKey({ ...place, ...made }))
    await expect(isOpen()).rejects.toThrow(SealBrokenError)
    setting.rows.set(place.namespaceId, [{ ...row, ...again }])
    setting.tokens.set(row.tokenId as string, token as Buffer)
    expect(again.tokenId).toBe(row.tokenId)
    expect(await isOpen()).toBe(bytesOf(made.key))
  })
})

describe('data keys that are wrapped again', () => {
  /** A namespace with version 2 active and a data key from version 1. */
  async function rotate(second: SecondKey | null) {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    const old = await setting.keyring.createDataKey({ ...place, second })
    const [first] = setting.rows.get(place.namespaceId) as [NamespaceKeyRow]
    setting.rows.set(place.namespaceId, [{ ...first, state: 'decrypt-only' }])
    await setting.addKey(place.namespaceId, 2)
    setting.state.epoch = 2
    return { ...setting, place, old }
  }
  const customer = (): SecondKey => ({ kind: 'customer', key: createSecretKey(randomBytes(32)) })
  const named = (): SecondKey => {
    const key = createSecretKey(randomBytes(32))
    return { kind: 'named', keyId: randomUUID(), version: 3, encryptionContext: 'e30=', key }
  }

  it.each([
    ['without a second key', () => null],
    ['with the key of a customer, which is not needed for it', customer],
    ['with a named key', named],
  ])('%s, open under the new version alone, again and again', async (_, newSecond) => {
    const second = newSecond()
    const { keyring, place, old, rows, tokens, rootKeys, clusterId, addKey, state } = await rotate(second)
    const once = await keyring.rewrapDataKey({ ...place, second, wrapped: old.wrapped, keyEpoch: 2 })
    expect(once).toMatchObject({ namespaceKeyVersion: 2 })
    const [first, latest] = rows.get(place.namespaceId) as [NamespaceKeyRow, NamespaceKeyRow]
    rows.set(place.namespaceId, [
      { ...first, wrappedKey: null },
      { ...latest, state: 'decrypt-only' },
    ])
    await addKey(place.namespaceId, 3)
    state.epoch = 3
    const wrapped = (once as { wrapped: Buffer }).wrapped
    const twice = await keyring.rewrapDataKey({ ...place, second, wrapped, keyEpoch: 3 })
    expect(await keyring.rewrapDataKey({ ...place, second, wrapped: (twice as DataKey).wrapped })).toBeNull()
    const elsewhere = createSetting({ rows, tokens, rootKeys, clusterId }).keyring
    for (const again of [once, twice] as DataKey[]) {
      expect(bytesOf(await elsewhere.openDataKey({ ...place, ...again, second }))).toBe(bytesOf(old.key))
    }
    await expect(elsewhere.openDataKey({ ...place, ...old, second })).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('stay shared where they were', async () => {
    const { keyring, place, rows, state, addKey, ...setting } = await rotate(null)
    const made = await keyring.shareDataKey({ ...place, keyEpoch: 2 })
    const [first, latest] = rows.get(place.namespaceId) as [NamespaceKeyRow, NamespaceKeyRow]
    rows.set(place.namespaceId, [first, { ...latest, state: 'decrypt-only' }])
    await addKey(place.namespaceId, 3)
    state.epoch = 3
    const again = (await keyring.rewrapDataKey({
      ...place,
      second: null,
      wrapped: made.wrapped,
      keyEpoch: 3,
    })) as DataKey
    expect([made.namespaceKeyVersion, again.namespaceKeyVersion]).toEqual([2, 3])
    const elsewhere = createSetting({ ...setting, rows }).keyring
    for (const versionId of [place.versionId, randomUUID()]) {
      expect(bytesOf(await elsewhere.openDataKey({ ...place, versionId, ...again }))).toBe(bytesOf(made.key))
    }
    const elsewhereInIt = { ...place, bucketId: randomUUID(), ...again }
    await expect(async () => elsewhere.openDataKey(elsewhereInIt)).rejects.toThrow(SealBrokenError)
  })

  it('still open for no other second key, place or kind, with any byte changed or cut off', async () => {
    const second = customer()
    const { keyring, place, old } = await rotate(second)
    const again = (await keyring.rewrapDataKey({ ...place, second, wrapped: old.wrapped, keyEpoch: 2 })) as DataKey
    const attempts = [
      { second: customer() },
      { second: null },
      { second: { ...named(), key: second.key } as SecondKey },
      { versionId: randomUUID() },
      ...Array.from(again.wrapped, (byte, at) => {
        const forged = Buffer.from(again.wrapped)
        forged[at] = byte ^ 1
        return { wrapped: forged }
      }),
      { wrapped: again.wrapped.subarray(0, 93) },
      { wrapped: again.wrapped.subarray(0, -1) },
    ]
    for (const [index, attempt] of attempts.entries()) {
      const opening = async () => keyring.openDataKey({ ...place, ...again, second, ...attempt })
      await expect(opening, `attempt ${index}`).rejects.toThrow(SealBrokenError)
    }
  })

  it('are made under the new version at once when the look-up tells of a younger key epoch', async () => {
    const { keyring, place } = await rotate(null)
    expect(await keyring.createDataKey(place)).toMatchObject({ namespaceKeyVersion: 1 })
    expect(await keyring.createDataKey({ ...place, keyEpoch: 2 })).toMatchObject({ namespaceKeyVersion: 2 })
    expect(keyring.createDataKey({ ...place, keyEpoch: 2 })).not.toBeInstanceOf(Promise)
  })

  it('named keys too', async () => {
    const setting = createSetting()
    const { namespaceId } = newPlace()
    await setting.addKey(namespaceId)
    const place = { namespaceId, keyId: randomUUID(), version: 1 }
    const { wrapped } = await setting.keyring.createNamedKey({ ...place, keyEpoch: 0 })
    const opened = await setting.keyring.openNamedKey({ ...place, wrapped })
    const [first] = setting.rows.get(namespaceId) as [NamespaceKeyRow]
    setting.rows.set(namespaceId, [{ ...first, state: 'decrypt-only' }])
    await setting.addKey(namespaceId, 2)
    setting.keyring.forgetKeys()
    const again = await setting.keyring.rewrapNamedKey({ ...place, wrapped })
    setting.rows.set(namespaceId, (setting.rows.get(namespaceId) as NamespaceKeyRow[]).slice(1))
    const elsewhere = createSetting(setting).keyring
    const { wrapped: newest } = again as DataKey
    expect(bytesOf(await elsewhere.openNamedKey({ ...place, wrapped: newest }))).toBe(bytesOf(opened))
  })
})
