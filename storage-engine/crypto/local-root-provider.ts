import type { KeyObject } from 'node:crypto'
import { writeUuids } from '#storage-engine/crypto/blob-aad.ts'
import { type ParentKey, parentOf, unwrapKey, wrapKey } from '#storage-engine/crypto/key-wrap.ts'
import type { RootKeyEntry, RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

/** Exactly one key of an installation is active; the others only open what they once wrapped. */
export interface RootKey extends RootKeyEntry {
  key: KeyObject
}

export interface LocalRootProviderInput extends Pick<RootProvider, 'kind' | 'location' | 'rotation'> {
  loadKeys(): Promise<RootKey[]>
}

/**
 * A provider that wraps in this process, with keys from `loadKeys`. It is asked anew each time, so that a key taken
 * away stops working within the keyring's cache time, and a key added by a rotation is found at once.
 */
export function createLocalRootProvider({ loadKeys, ...about }: LocalRootProviderInput): RootProvider {
  async function findActive(): Promise<RootKey> {
    const key = (await loadKeys()).find((each) => each.state === 'active')
    if (key === undefined) throw new Error('The keyring has no active root key.')
    return key
  }

  return {
    ...about,
    async wrap({ context, key }) {
      return wrapKey({ parent: asParent(await findActive()), context, key })
    },
    async unwrap({ context, record }) {
      const named = parentOf(record)
      const parents = (await loadKeys()).map(asParent)
      const parent = parents.find((each) => each.id.equals(named.id) && each.version === named.version)
      if (parent === undefined) throw new SealBrokenError('This key was wrapped by a root key that is not here.')
      return unwrapKey({ parent, context, record })
    },
    async active() {
      const { id, version } = await findActive()
      return { id, version }
    },
    async list() {
      const keys = await loadKeys()
      return keys.map(({ id, version, state, createdAt }) => ({ id, version, state, createdAt })).sort(byAge)
    },
    async health() {
      await findActive()
    },
  }
}

function byAge(one: RootKeyEntry, other: RootKeyEntry): number {
  if (one.state !== other.state) return one.state === 'active' ? -1 : 1
  return other.version - one.version
}

function asParent({ id, version, key }: RootKey): ParentKey {
  const bytes = Buffer.alloc(16)
  writeUuids(bytes, [id], 0)
  return { id: bytes, version, key }
}
