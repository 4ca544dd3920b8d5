import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkCanary, createCanary } from '#storage-engine/crypto/canary.ts'
import { createKeyring } from '#storage-engine/crypto/keyring.ts'
import type { NamespaceKeyRow } from '#storage-engine/crypto/namespace-key-cache.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import {
  bytesOf,
  createKeyringSetting as createSetting,
  keystoreOver,
  newPlace,
  newRootKey,
  openProvider,
} from '#storage-engine/testing/keyring-setting.ts'

const CACHE_MS = 300_000

describe('data keys', () => {
  it('open in another process with the same root key', async () => {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    const made = await setting.keyring.createDataKey(place)
    const elsewhere = createSetting(setting).keyring
    expect(bytesOf(await elsewhere.openDataKey({ ...place, ...made }))).toBe(bytesOf(made.key))
    expect(made).toMatchObject({ namespaceKeyVersion: 1 })
    expect(made.wrapped.includes(made.key.export().subarray(0, 8))).toBe(false)
  })

  it('are made and opened without waiting while the namespace key is cached', async () => {
    const { keyring, state, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    expect(keyring.createDataKey(place)).toBeInstanceOf(Promise)
    const [first, second] = await Promise.all([keyring.createDataKey(place), keyring.createDataKey(place)])
    expect(bytesOf(first.key)).not.toBe(bytesOf(second.key))
    expect(state.loads).toBe(1)
    expect(keyring.createDataKey(place)).not.toBeInstanceOf(Promise)
    expect(keyring.openDataKey({ ...place, ...first })).not.toBeInstanceOf(Promise)
  })

  it('open for no other cluster, namespace, bucket or version', async () => {
    const setting = createSetting()
    const place = newPlace()
    const other = newPlace()
    await setting.addKey(place.namespaceId)
    const made = await setting.keyring.createDataKey(place)
    // The same namespace key under another namespace's name, as an intruder in the database might place it.
    setting.rows.set(other.namespaceId, setting.rows.get(place.namespaceId) as NamespaceKeyRow[])
    for (const name of ['namespaceId', 'bucketId', 'versionId'] as const) {
      const moved = { ...place, ...made, [name]: other[name] }
      await expect(async () => setting.keyring.openDataKey(moved), name).rejects.toThrow(SealBrokenError)
    }
    const { keyring } = createSetting({ ...setting, clusterId: randomUUID() })
    await expect(keyring.openDataKey({ ...place, ...made })).rejects.toThrow(SealBrokenError)
  })

  it('are made under keys as young as the bucket says, also while an older load is under way', async () => {
    const { keyring, state, rows, addKey } = createSetting()
    const place = newPlace()
    const { namespaceId } = place
    await addKey(namespaceId)
    const second = await keyring.createNamespaceKey({ namespaceId, version: 2 })
    const early = keyring.createDataKey(place)
    const [first] = rows.get(namespaceId) as [NamespaceKeyRow]
    rows.set(namespaceId, [
      { ...first, state: 'decrypt-only' },
      { version: 2, state: 'active', ...second },
    ])
    state.epoch = 2
    const late = keyring.createDataKey({ ...place, keyEpoch: 2 })
    expect([(await early).namespaceKeyVersion, (await late).namespaceKeyVersion]).toEqual([1, 2])
  })

  it('open under older versions after a rotation, and new ones use the new version', async () => {
    const { keyring, rows, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const old = await keyring.createDataKey(place)
    const [first] = rows.get(place.namespaceId) as [NamespaceKeyRow]
    rows.set(place.namespaceId, [{ ...first, state: 'decrypt-only' }])
    await addKey(place.namespaceId, 2)
    keyring.forgetKeys()
    expect((await keyring.createDataKey(place)).namespaceKeyVersion).toBe(2)
    expect(bytesOf(await keyring.openDataKey({ ...place, ...old }))).toBe(bytesOf(old.key))
  })

  it('open under a version that is younger than the cache', async () => {
    const setting = createSetting()
    const place = newPlace()
    await setting.addKey(place.namespaceId)
    await setting.keyring.createDataKey(place)
    const elsewhere = createSetting(setting)
    setting.rows.set(place.namespaceId, [])
    await elsewhere.addKey(place.namespaceId, 2)
    const made = await elsewhere.keyring.createDataKey(place)
    expect(bytesOf(await setting.keyring.openDataKey({ ...place, ...made }))).toBe(bytesOf(made.key))
  })

  it('of an unknown version do not open', async () => {
    const { keyring, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const made = await keyring.createDataKey(place)
    await expect(keyring.openDataKey({ ...place, ...made, namespaceKeyVersion: 9 })).rejects.toThrow(SealBrokenError)
  })

  it('answer AccessDenied once their namespace key is shredded', async () => {
    const { keyring, rows, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const made = await keyring.createDataKey(place)
    rows.set(place.namespaceId, [{ version: 1, state: 'shredded', wrappedKey: null, tokenId: null }])
    keyring.forgetKeys()
    await expect(keyring.openDataKey({ ...place, ...made })).rejects.toMatchObject({ code: 'AccessDenied' })
  })

  it('show nothing of themselves when they are logged', async () => {
    const { keyring, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const { key } = await keyring.createDataKey(place)
    expect(JSON.stringify({ key })).toBe('{"key":{}}')
  })
})

describe('data keys with a second key', () => {
  const customer = (key = createSecretKey(randomBytes(32))) => ({ kind: 'customer', key }) as const
  const named = (change: { keyId?: string; version?: number; encryptionContext?: string | null } = {}) => ({
    kind: 'named' as const,
    keyId: '0f9ad8f0-6f3c-4a52-8a55-1d1c0ad0ac01',
    version: 1,
    encryptionContext: null,
    key: createSecretKey(Buffer.alloc(32, 7)),
    ...change,
  })

  it('open by the same second key, and by nothing else', async () => {
    const { keyring, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    for (const second of [customer(), named(), named({ encryptionContext: 'eyJhIjoiYiJ9' })]) {
      const made = await keyring.createDataKey({ ...place, second })
      expect(bytesOf(await keyring.openDataKey({ ...place, ...made, second }))).toBe(bytesOf(made.key))
      const wrong = [
        null,
        customer(),
        customer(named().key),
        named({ version: 2 }),
        named({ keyId: randomUUID() }),
        named({ encryptionContext: 'e30=' }),
      ]
      for (const each of wrong) {
        await expect(async () => keyring.openDataKey({ ...place, ...made, second: each })).rejects.toThrow(
          SealBrokenError,
        )
      }
    }
  })

  it('do not open by their second key alone once the namespace key is shredded', async () => {
    const { keyring, rows, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const second = customer()
    const made = await keyring.createDataKey({ ...place, second })
    rows.set(place.namespaceId, [{ version: 1, state: 'shredded', wrappedKey: null, tokenId: null }])
    keyring.forgetKeys()
    await expect(keyring.openDataKey({ ...place, ...made, second })).rejects.toMatchObject({ code: 'AccessDenied' })
  })
})

describe('named keys', () => {
  it('open in their own namespace, id and version only', async () => {
    const setting = createSetting()
    const place = { namespaceId: randomUUID(), keyId: randomUUID(), version: 1 }
    await setting.addKey(place.namespaceId)
    const { wrapped } = await setting.keyring.createNamedKey({ ...place, keyEpoch: 0 })
    const opened = await setting.keyring.openNamedKey({ ...place, wrapped })
    expect(wrapped.includes(opened.export().subarray(0, 8))).toBe(false)
    expect(bytesOf(await createSetting(setting).keyring.openNamedKey({ ...place, wrapped }))).toBe(bytesOf(opened))
    const other = randomUUID()
    setting.rows.set(other, setting.rows.get(place.namespaceId) as NamespaceKeyRow[])
    for (const change of [{ namespaceId: other }, { keyId: other }, { version: 2 }]) {
      const moved = { ...place, wrapped, ...change }
      await expect(async () => setting.keyring.openNamedKey(moved)).rejects.toThrow(SealBrokenError)
    }
  })

  it('open after a rotation of the namespace key', async () => {
    const { keyring, rows, addKey } = createSetting()
    const place = { namespaceId: randomUUID(), keyId: randomUUID(), version: 1 }
    await addKey(place.namespaceId)
    const { wrapped } = await keyring.createNamedKey({ ...place, keyEpoch: 0 })
    const opened = bytesOf(await keyring.openNamedKey({ ...place, wrapped }))
    const [first] = rows.get(place.namespaceId) as [NamespaceKeyRow]
    rows.set(place.namespaceId, [{ ...first, state: 'decrypt-only' }])
    await addKey(place.namespaceId, 2)
    keyring.forgetKeys()
    expect(bytesOf(await keyring.openNamedKey({ ...place, wrapped }))).toBe(opened)
  })
})

describe('fails closed', () => {
  it('with ServiceUnavailable when the root provider is down, and recovers with it', async () => {
    const { keyring, state, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    state.isDown = true
    const unavailable = { code: 'ServiceUnavailable', status: 503 }
    await expect(keyring.createDataKey(place)).rejects.toMatchObject(unavailable)
    await expect(keyring.createNamespaceKey({ namespaceId: randomUUID(), version: 1 })).rejects.toMatchObject(
      unavailable,
    )
    const secret = { purpose: 'credential', context: 'k', plain: Buffer.from('s') } as const
    await expect(keyring.sealSecret(secret)).rejects.toMatchObject(unavailable)
    state.isDown = false
    expect((await keyring.createDataKey(place)).namespaceKeyVersion).toBe(1)
  })

  it('when the cached key is older than 300 s, and not before', async () => {
    const { keyring, state, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const made = await keyring.createDataKey(place)
    state.isDown = true
    state.now = CACHE_MS - 1
    expect(bytesOf(await keyring.openDataKey({ ...place, ...made }))).toBe(bytesOf(made.key))
    state.now = CACHE_MS
    await expect(keyring.openDataKey({ ...place, ...made })).rejects.toMatchObject({ code: 'ServiceUnavailable' })
    await expect(keyring.createDataKey(place)).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })

  it('at once after forgetKeys, also for a load that was under way', async () => {
    const { keyring, state, addKey } = createSetting()
    const place = newPlace()
    await addKey(place.namespaceId)
    const underWay = keyring.createDataKey(place)
    keyring.forgetKeys()
    await underWay
    state.isDown = true
    await expect(keyring.createDataKey(place)).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })

  it('when a namespace has no active key', async () => {
    const { keyring, addKey } = createSetting()
    const place = newPlace()
    await expect(keyring.createDataKey(place)).rejects.toMatchObject({ code: 'ServiceUnavailable' })
    await addKey(place.namespaceId, 1, 'decrypt-only')
    await expect(keyring.createDataKey(place)).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })

  it('when the database does not answer, with its own error', async () => {
    const keyring = createKeyring({
      clusterId: randomUUID(),
      rootProvider: openProvider(async () => [newRootKey()]),
      keystore: keystoreOver(new Map()),
      loadNamespaceKeys: () => Promise.reject(new Error('database down')),
    })
    await expect(keyring.createDataKey(newPlace())).rejects.toThrow('database down')
  })
})

describe('secrets', () => {
  const secret = {
    purpose: 'credential',
    context: 'access key AKIA1',
    plain: Buffer.from('a secret key of a client'),
  } as const

  it('open in another process, for the same purpose and context', async () => {
    const setting = createSetting()
    const sealed = await setting.keyring.sealSecret(secret)
    expect(sealed.includes(secret.plain.subarray(0, 8))).toBe(false)
    const opened = await createSetting(setting).keyring.openSecret({ ...secret, sealed })
    expect(opened.equals(secret.plain)).toBe(true)
  })

  it('do not open for another purpose, context, cluster or root key', async () => {
    const setting = createSetting()
    const sealed = await setting.keyring.sealSecret(secret)
    const elsewhere = [
      setting.keyring.openSecret({ ...secret, sealed, purpose: 'token' }),
      setting.keyring.openSecret({ ...secret, sealed, context: 'access key AKIA2' }),
      createSetting({ ...setting, clusterId: randomUUID() }).keyring.openSecret({ ...secret, sealed }),
      createSetting({ ...setting, rootKeys: [newRootKey()] }).keyring.openSecret({ ...secret, sealed }),
    ]
    for (const opening of elsewhere) await expect(opening).rejects.toThrow(SealBrokenError)
  })

  it('do not open with any byte changed or cut off', async () => {
    const { keyring } = createSetting()
    const sealed = await keyring.sealSecret(secret)
    for (let at = 0; at < sealed.length; at++) {
      const forged = Buffer.from(sealed)
      forged[at] = (forged[at] as number) ^ 1
      await expect(keyring.openSecret({ ...secret, sealed: forged }), `byte ${at}`).rejects.toThrow(SealBrokenError)
      await expect(keyring.openSecret({ ...secret, sealed: sealed.subarray(0, at) })).rejects.toThrow(SealBrokenError)
    }
  })

  it('ask the root provider once in 300 s', async () => {
    const { keyring, state } = createSetting()
    const sealed = await keyring.sealSecret(secret)
    for (let draw = 0; draw < 10; draw++)
      await keyring.openSecret({ ...secret, sealed: await keyring.sealSecret(secret) })
    expect(state.asked).toBe(1)
    state.now = CACHE_MS
    await keyring.openSecret({ ...secret, sealed })
    expect(state.asked).toBe(2)
  })

  it('do not open in a process that could not open them before the root provider went down', async () => {
    const setting = createSetting()
    const sealed = await setting.keyring.sealSecret(secret)
    const fresh = createSetting(setting)
    fresh.state.isDown = true
    await expect(fresh.keyring.openSecret({ ...secret, sealed })).rejects.toMatchObject({ code: 'ServiceUnavailable' })
    await expect(fresh.keyring.sealSecret(secret)).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })

  it('take 64 KiB at most, and may be empty', async () => {
    const { keyring } = createSetting()
    await expect(keyring.sealSecret({ ...secret, plain: Buffer.alloc(65537) })).rejects.toThrow(RangeError)
    const sealed = await keyring.sealSecret({ ...secret, plain: Buffer.alloc(0) })
    expect(await keyring.openSecret({ ...secret, sealed })).toHaveLength(0)
  })
})

describe('canary', () => {
  it('knows the right root key from a wrong one and from another installation', async () => {
    const { rootProvider, clusterId } = createSetting()
    const record = await createCanary(rootProvider, { clusterId })
    expect(await checkCanary(rootProvider, { clusterId, record })).toBe(true)
    expect(await checkCanary(createSetting().rootProvider, { clusterId, record })).toBe(false)
    expect(await checkCanary(rootProvider, { clusterId: randomUUID(), record })).toBe(false)
  })

  it('does not call a key wrong because its provider is down', async () => {
    const { rootProvider, clusterId, state } = createSetting()
    const record = await createCanary(rootProvider, { clusterId })
    state.isDown = true
    await expect(checkCanary(rootProvider, { clusterId, record })).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  })
})
