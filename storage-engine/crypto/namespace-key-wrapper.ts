import { createSecretKey, randomUUID } from 'node:crypto'
import { hkdfExpand } from '#storage-engine/crypto/hkdf.ts'
import {
  namespaceKeyContext,
  namespaceKeyWithTokenContext,
  shredTokenContext,
} from '#storage-engine/crypto/key-context.ts'
import { KEY_BYTES } from '#storage-engine/crypto/key-wrap.ts'
import type { Keystore } from '#storage-engine/crypto/keystore.ts'
import { fillRandom } from '#storage-engine/crypto/random-pool.ts'
import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Specified in docs/formats/keys.md; it may never change. */
const MASK_PURPOSE = Buffer.from('sceau/shred1\0')

export interface NamespaceKeyPlace {
  namespaceId: string
  version: number
}

/** A namespace key (L1) as it is stored. */
export interface WrappedNamespaceKey {
  wrappedKey: Buffer
  /** Null of a key from before there were shred tokens: the root key alone opens it. */
  tokenId: string | null
}

/** Wraps namespace keys under the root key and a shred token each. Calls throw what root provider and keystore throw. */
export interface NamespaceKeyWrapper {
  create(place: NamespaceKeyPlace): Promise<WrappedNamespaceKey>
  /** The 32 bytes, for the caller to wipe. AccessDenied once the token is destroyed. */
  unwrap(key: NamespaceKeyPlace & WrappedNamespaceKey): Promise<Buffer>
  /** The same key under the active root key; one without a token gets one. */
  rewrap(key: NamespaceKeyPlace & WrappedNamespaceKey): Promise<WrappedNamespaceKey>
  /** The token's record under the active root key, for the caller to put in the old one's place; null when there is none. */
  rewrapToken(tokenId: string): Promise<Buffer | null>
}

export function createNamespaceKeyWrapper(input: {
  clusterId: string
  root: Pick<RootProvider, 'wrap' | 'unwrap'>
  keystore: Pick<Keystore, 'read' | 'write'>
}): NamespaceKeyWrapper {
  const { clusterId, root, keystore } = input
  const tokenContext = (tokenId: string) => shredTokenContext({ clusterId, tokenId })

  async function bindToToken(place: NamespaceKeyPlace, key: Buffer): Promise<WrappedNamespaceKey> {
    const tokenId = randomUUID()
    const token = randomKey()
    try {
      await keystore.write(tokenId, await root.wrap({ context: tokenContext(tokenId), key: token }))
      const context = namespaceKeyWithTokenContext({ clusterId, tokenId, ...place })
      mask(key, token, context)
      return { wrappedKey: await root.wrap({ context, key }), tokenId }
    } finally {
      token.fill(0)
    }
  }
  async function openToken(tokenId: string): Promise<Buffer> {
    const record = await keystore.read(tokenId)
    if (record === null) throw new StorageError('AccessDenied', { message: DESTROYED })
    return root.unwrap({ context: tokenContext(tokenId), record })
  }

  return {
    async create(place) {
      const key = randomKey()
      try {
        return await bindToToken(place, key)
      } finally {
        key.fill(0)
      }
    },
    async unwrap({ wrappedKey: record, tokenId, ...place }) {
      if (tokenId === null) return root.unwrap({ context: namespaceKeyContext({ clusterId, ...place }), record })
      const context = namespaceKeyWithTokenContext({ clusterId, tokenId, ...place })
      const token = await openToken(tokenId)
      const key = await root.unwrap({ context, record })
      mask(key, token, context)
      token.fill(0)
      return key
    },
    async rewrap({ wrappedKey: record, tokenId, ...place }) {
      const context =
        tokenId === null
          ? namespaceKeyContext({ clusterId, ...place })
          : namespaceKeyWithTokenContext({ clusterId, tokenId, ...place })
      const key = await root.unwrap({ context, record })
      try {
        return tokenId === null
          ? await bindToToken(place, key)
          : { wrappedKey: await root.wrap({ context, key }), tokenId }
      } finally {
        key.fill(0)
      }
    },
    async rewrapToken(tokenId) {
      const record = await keystore.read(tokenId)
      if (record === null) return null
      const token = await root.unwrap({ context: tokenContext(tokenId), record })
      try {
        return await root.wrap({ context: tokenContext(tokenId), key: token })
      } finally {
        token.fill(0)
      }
    },
  }
}

/** Said of every version whose token or wrapped key is gone. */
export const DESTROYED = 'The key that sealed this data has been destroyed.'

/** Both ways: exclusive or with a key that the token gives for this context. What the root key then wraps says nothing of the key. */
function mask(key: Buffer, token: Buffer, context: Buffer): void {
  const pad = hkdfExpand(createSecretKey(token), [MASK_PURPOSE, context], KEY_BYTES)
  for (let at = 0; at < KEY_BYTES; at++) key[at] = (key[at] as number) ^ (pad[at] as number)
  pad.fill(0)
}

function randomKey(): Buffer {
  const key = Buffer.alloc(KEY_BYTES)
  fillRandom(key, 0, KEY_BYTES)
  return key
}
