import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { createKeyring } from '#storage-engine/crypto/keyring.ts'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import { createLocalRootProvider, type RootKey } from '#storage-engine/crypto/local-root-provider.ts'
import type { NamespaceKeyRow } from '#storage-engine/crypto/namespace-key-cache.ts'

interface Setting {
  clusterId?: string
  rootKeys?: RootKey[]
  rows?: Map<string, NamespaceKeyRow[]>
  tokens?: Map<string, Buffer>
}

/** A keyring over real wrapping, with a clock and a provider that the test can stop. */
export function createKeyringSetting(setting: Setting = {}) {
  const { clusterId = randomUUID(), rootKeys = [newRootKey()], rows = new Map(), tokens = new Map() } = setting
  const state = { now: 0, isDown: false, asked: 0, loads: 0, epoch: 1 }
  const rootProvider = openProvider(async () => {
    state.asked++
    if (state.isDown) throw new Error('connection refused')
    return rootKeys
  })
  const keyring = createKeyring({
    clusterId,
    rootProvider,
    keystore: keystoreOver(tokens),
    loadNamespaceKeys: async (namespaceId) => {
      state.loads++
      return { epoch: state.epoch, rows: rows.get(namespaceId) ?? [] }
    },
    now: () => state.now,
  })
  async function addKey(namespaceId: string, version = 1, keyState: NamespaceKeyRow['state'] = 'active') {
    const wrapped = await keyring.createNamespaceKey({ namespaceId, version })
    rows.set(namespaceId, [...(rows.get(namespaceId) ?? []), { version, state: keyState, ...wrapped }])
  }
  return { keyring, rootProvider, state, rows, tokens, clusterId, rootKeys, addKey }
}

export function keystoreOver(tokens: Map<string, Buffer>): Keystore {
  return {
    write: async (tokenId, record) => void tokens.set(tokenId, record),
    read: async (tokenId) => tokens.get(tokenId) ?? null,
    destroy: async (tokenId) => void tokens.delete(tokenId),
    list: async () => [...tokens.keys()],
  }
}

export const openProvider = (loadKeys: () => Promise<RootKey[]>) =>
  createLocalRootProvider({ kind: 'env', location: 'a test', rotation: null, loadKeys })

export const newRootKey = (): RootKey => ({
  id: randomUUID(),
  version: 1,
  state: 'active',
  createdAt: null,
  key: createSecretKey(randomBytes(32)),
})
export const newPlace = () => ({ namespaceId: randomUUID(), bucketId: randomUUID(), versionId: randomUUID() })
export const bytesOf = (key: KeyObject) => key.export().toString('hex')
