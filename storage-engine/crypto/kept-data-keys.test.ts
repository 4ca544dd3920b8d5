import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NamespaceKeyRow } from '#storage-engine/crypto/namespace-key-cache.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { bytesOf, createKeyringSetting as createSetting, newPlace } from '#storage-engine/testing/keyring-setting.ts'

const CACHE_MS = 300_000

describe('data keys that several versions share', () => {
  async function setUp() {
    const setting = createSetting()
    const place = newPlace()
    const { versionId: _, ...bucket } = place
    await setting.addKey(place.namespaceId)
    return { ...setting, place, bucket }
  }

  it('are one a bucket, and open for any of its versions, in another process too', async () => {
    const setting = await setUp()
    const { keyring, bucket } = setting
    const made = await keyring.shareDataKey(bucket)
    expect(keyring.shareDataKey(bucket)).toBe(made)
    expect(await keyring.shareDataKey({ ...bucket, bucketId: randomUUID() })).not.toBe(made)
    const elsewhere = createSetting(setting).keyring
    for (const versionId of [randomUUID(), randomUUID()]) {
      expect(bytesOf(await elsewhere.openDataKey({ ...bucket, versionId, ...made }))).toBe(bytesOf(made.key))
    }
  })

  it('open for no other cluster, namespace or bucket, also when they were open before', async () => {
    const setting = await setUp()
    const { keyring, place, bucket } = setting
    const made = await keyring.shareDataKey(bucket)
    await keyring.openDataKey({ ...place, ...made })
    const other = newPlace()
    setting.rows.set(other.namespaceId, setting.rows.get(place.namespaceId) as NamespaceKeyRow[])
    for (const name of ['namespaceId', 'bucketId'] as const) {
      const moved = { ...place, ...made, [name]: other[name] }
      await expect(async () => keyring.openDataKey(moved), name).rejects.toThrow(SealBrokenError)
    }
    const elsewhere = createSetting({ ...setting, clusterId: randomUUID() }).keyring
    await expect(elsewhere.openDataKey({ ...place, ...made })).rejects.toThrow(SealBrokenError)
  })

  it('pass for none of a version of its own, nor the other way about', async () => {
    const { keyring, place, bucket } = await setUp()
    for (const [made, recordVersion] of [
      [await keyring.shareDataKey(bucket), 1],
      [await keyring.createDataKey(place), 4],
    ] as const) {
      const wrapped = Buffer.concat([Buffer.from([recordVersion]), made.wrapped.subarray(1)])
      await expect(async () => keyring.openDataKey({ ...place, ...made, wrapped })).rejects.toThrow(SealBrokenError)
    }
  })

  it('are refused where a second key is needed', async () => {
    const { keyring, place, bucket } = await setUp()
    const made = await keyring.shareDataKey(bucket)
    const second = { kind: 'customer', key: createSecretKey(randomBytes(32)) } as const
    await expect(async () => keyring.openDataKey({ ...place, ...made, second })).rejects.toThrow(SealBrokenError)
    const rewrapping = async () => keyring.rewrapDataKey({ ...place, second, wrapped: made.wrapped })
    await expect(rewrapping).rejects.toThrow(SealBrokenError)
  })

  it('seal a thousand versions each', async () => {
    const { keyring, bucket } = await setUp()
    const keys = new Map<string, number>()
    for (let use = 0; use < 2001; use++) {
      const { wrapped } = await keyring.shareDataKey(bucket)
      keys.set(wrapped.toString('hex'), (keys.get(wrapped.toString('hex')) ?? 0) + 1)
    }
    expect([...keys.values()]).toEqual([1000, 1000, 1])
  })

  it('end with the unwrapped namespace key: after 300 s, a rotation, or when all is forgotten', async () => {
    const { keyring, state, rows, place, bucket, addKey } = await setUp()
    const first = await keyring.shareDataKey(bucket)
    state.now += CACHE_MS - 1
    expect(await keyring.shareDataKey(bucket)).toBe(first)
    state.now += 1
    const second = await keyring.shareDataKey(bucket)
    expect(second).not.toBe(first)
    keyring.forgetKeys()
    const third = await keyring.shareDataKey(bucket)
    expect(third).not.toBe(second)
    const [row] = rows.get(place.namespaceId) as [NamespaceKeyRow]
    rows.set(place.namespaceId, [{ ...row, state: 'decrypt-only' }])
    await addKey(place.namespaceId, 2)
    state.epoch = 2
    const fourth = await keyring.shareDataKey({ ...bucket, keyEpoch: 2 })
    expect([third.namespaceKeyVersion, fourth.namespaceKeyVersion]).toEqual([1, 2])
    expect(bytesOf(await keyring.openDataKey({ ...place, ...first }))).toBe(bytesOf(first.key))
  })
})
