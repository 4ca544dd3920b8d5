import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  canaryContext,
  customerDataKeyContext,
  dataKeyContext,
  envelopeContext,
  namedDataKeyContext,
  namedKeyContext,
  namespaceKeyContext,
  namespaceKeyWithTokenContext,
  sharedDataKeyContext,
  shredTokenContext,
} from '#storage-engine/crypto/key-context.ts'
import { unwrapKey, wrapKey } from '#storage-engine/crypto/key-wrap.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

const owner = {
  clusterId: randomUUID(),
  namespaceId: randomUUID(),
  bucketId: randomUUID(),
  versionId: randomUUID(),
  keyId: randomUUID(),
  tokenId: randomUUID(),
  version: 1,
  encryptionContext: 'e30=',
}
type Owner = typeof owner

/** Every kind of context, and what it is bound to. */
const KINDS: [name: string, of: (owner: Owner) => Buffer, bound: (keyof Owner)[]][] = [
  ['canary', canaryContext, ['clusterId']],
  ['namespace key', namespaceKeyContext, ['clusterId', 'namespaceId', 'version']],
  ['namespace key with token', namespaceKeyWithTokenContext, ['clusterId', 'namespaceId', 'tokenId', 'version']],
  ['shred token', shredTokenContext, ['clusterId', 'tokenId']],
  ['data key', dataKeyContext, ['clusterId', 'namespaceId', 'bucketId', 'versionId']],
  ['shared data key', sharedDataKeyContext, ['clusterId', 'namespaceId', 'bucketId']],
  ['customer data key', customerDataKeyContext, ['clusterId', 'namespaceId', 'bucketId', 'versionId']],
  [
    'named data key',
    namedDataKeyContext,
    ['clusterId', 'namespaceId', 'bucketId', 'versionId', 'keyId', 'version', 'encryptionContext'],
  ],
  ['named key', namedKeyContext, ['clusterId', 'namespaceId', 'keyId', 'version']],
  ...(['credential', 'token', 'attestation'] as const).map((purpose): (typeof KINDS)[number] => [
    `envelope for ${purpose}`,
    ({ clusterId }) => envelopeContext({ clusterId, purpose }),
    ['clusterId'],
  ]),
]

/** Another value for one field, and for fields of the same form those of their neighbours. */
function otherOwners(field: keyof Owner): Owner[] {
  if (field === 'version') return [0, 2, 256, 2 ** 32 - 1].map((version) => ({ ...owner, version }))
  if (field === 'encryptionContext')
    return ['', 'e30', 'e31='].map((encryptionContext) => ({ ...owner, encryptionContext }))
  const neighbours = ['namespaceId', 'bucketId', 'versionId', 'keyId', 'tokenId', 'clusterId'] as const
  const values = [randomUUID(), ...neighbours.filter((name) => name !== field).map((name) => owner[name])]
  return values.map((value) => ({ ...owner, [field]: value }))
}

const contexts = KINDS.flatMap(([name, of, bound]) => [
  { name, bytes: of(owner) },
  ...bound.flatMap((field) =>
    otherOwners(field).map((other) => ({ name: `${name} of another ${field}`, bytes: of(other) })),
  ),
])

describe('a wrapped key', () => {
  const parent = { id: randomBytes(16), version: 1, key: createSecretKey(randomBytes(32)) }
  const second = createSecretKey(randomBytes(32))

  it('has a context that no other kind, and no other owner, has', () => {
    expect(contexts.length).toBeGreaterThan(150)
    expect(new Set(contexts.map(({ bytes }) => bytes.toString('hex'))).size).toBe(contexts.length)
  })

  it.each(KINDS)('for a %s opens in its own context and in none of the others', (_name, of) => {
    const own = of(owner)
    for (const keys of [{ parent }, { parent, second }]) {
      const key = randomBytes(32)
      const record = wrapKey({ ...keys, context: own, key })
      expect(unwrapKey({ ...keys, context: own, record }).equals(key)).toBe(true)
      for (const { name, bytes } of contexts) {
        if (bytes.equals(own)) continue
        expect(() => unwrapKey({ ...keys, context: bytes, record }), name).toThrow(SealBrokenError)
      }
    }
  })
})
