import { createCanary } from '#storage-engine/crypto/canary.ts'
import type { SecretPurpose } from '#storage-engine/crypto/key-context.ts'
import type { RootKeyName } from '#storage-engine/crypto/root-provider.ts'
import { rootKeyOf } from '#storage-engine/crypto/root-record.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import { signingKeyId } from '#storage-engine/crypto/signed-document.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findInstallation } from '#storage-engine/metadata/installation.ts'
import { listNamedTokens } from '#storage-engine/metadata/namespace-keys.ts'
import {
  holdNamespaceKey,
  type LiveNamespaceKey,
  pageLiveNamespaceKeys,
  pageSecretsUnderOthers,
  SEALED_SECRET_TABLES,
  type SealedRow,
  type SecretTable,
  saveCanary,
  saveResealedSecret,
  saveRewrappedNamespaceKey,
} from '#storage-engine/metadata/root-wrapped.ts'

const PAGE_SIZE = 500

/** By what a secret of each table was sealed: where it is made says the same. */
const SECRET_PLACES: Record<SecretTable, (row: SealedRow) => { purpose: SecretPurpose; context: string }> = {
  access_keys: ({ id }) => ({ purpose: 'credential', context: id }),
  webhooks: ({ id }) => ({ purpose: 'credential', context: `webhook ${id}` }),
  side_keys: ({ id, publicKey }) => ({ purpose: id as 'attestation', context: signingKeyId(publicKey as Buffer) }),
}

/**
 * One pass over everything that the root key protects, which brings it under root key `to`: namespace keys, shred tokens, the
 * canary, and the envelopes of secrets. Resolves to how many records were under another one. Each is replaced by
 * compare-and-swap, so a pass may end anywhere, and several may run at once.
 */
export async function rewrapUnderRootKey(
  engine: Engine,
  { to, signal }: { to: RootKeyName; signal: AbortSignal },
): Promise<number> {
  // What this process seals from now on goes under the new key.
  engine.keyring.forgetKeys()
  let count = await rewrapCanary(engine, to)
  count += await rewrapNamespaceKeys(engine, { to, signal })
  count += await rewrapUnnamedTokens(engine, { to, signal })
  for (const table of SEALED_SECRET_TABLES) count += await resealSecrets(engine, { table, to, signal })
  return count
}

async function rewrapCanary({ db, rootProvider, clusterId }: Engine, to: RootKeyName): Promise<number> {
  const installation = await findInstallation(db)
  if (installation === null || isUnder(installation.keyCanary, to)) return 0
  await saveCanary(db, { from: installation.keyCanary, to: await createCanary(rootProvider, { clusterId }) })
  return 1
}

async function rewrapNamespaceKeys(
  engine: Engine,
  { to, signal }: { to: RootKeyName; signal: AbortSignal },
): Promise<number> {
  let count = 0
  let after: LiveNamespaceKey | null = null
  while (!signal.aborted) {
    const page: LiveNamespaceKey[] = await pageLiveNamespaceKeys(engine.db, { after, limit: PAGE_SIZE })
    for (const key of page) {
      if (key.tokenId === null || !isUnder(key.wrappedKey, to)) count += await rewrapNamespaceKey(engine, key)
      if (key.tokenId !== null) count += await rewrapToken(engine, { ...key, tokenId: key.tokenId, to })
    }
    after = page.at(-1) ?? null
    if (page.length < PAGE_SIZE) break
  }
  return count
}

async function rewrapNamespaceKey({ db, keyring, keystore }: Engine, key: LiveNamespaceKey): Promise<number> {
  const rewrapped = await keyring.rewrapNamespaceKey(key)
  const isSaved = await saveRewrappedNamespaceKey(db, { ...key, rewrapped })
  // A token that was made for this, and is not needed after all.
  if (!isSaved && key.tokenId === null && rewrapped.tokenId !== null) await keystore.destroy(rewrapped.tokenId)
  return 1
}

async function rewrapToken(
  { db, keyring, keystore }: Engine,
  { tokenId, to, ...key }: LiveNamespaceKey & { tokenId: string; to: RootKeyName },
): Promise<number> {
  const record = await keystore.read(tokenId)
  if (record === null || isUnder(record, to)) return 0
  const rewrapped = await keyring.rewrapShredToken(tokenId)
  if (rewrapped === null) return 0
  await db.transaction(async (tx) => {
    if (await holdNamespaceKey(tx, key)) await keystore.write(tokenId, rewrapped)
  })
  return 1
}

/**
 * Tokens that no key names: one is being made, or whoever made it died before. Nothing needs these, but while one is under an
 * older root key that key counts as needed. What they are for is not known, so they stay.
 */
async function rewrapUnnamedTokens(
  { db, keyring, keystore }: Engine,
  { to, signal }: { to: RootKeyName; signal: AbortSignal },
): Promise<number> {
  let count = 0
  const present = await keystore.list()
  const named = await listNamedTokens(db)
  for (const tokenId of present) {
    if (signal.aborted) break
    const record = named.has(tokenId) ? null : await keystore.read(tokenId)
    if (record === null || isUnder(record, to)) continue
    const rewrapped = await keyring.rewrapShredToken(tokenId)
    if (rewrapped !== null) await keystore.write(tokenId, rewrapped)
    count++
  }
  return count
}

async function resealSecrets(
  { db, keyring, log }: Engine,
  { table, to: root, signal }: { table: SecretTable; to: RootKeyName; signal: AbortSignal },
): Promise<number> {
  let count = 0
  for (let after: string | null = null; !signal.aborted; ) {
    const page: SealedRow[] = await pageSecretsUnderOthers(db, { table, root, after, limit: PAGE_SIZE })
    for (const row of page) {
      const place = SECRET_PLACES[table](row)
      const plain = await unlessBroken(() => keyring.openSecret({ ...place, sealed: row.sealed }))
      if (plain === null) {
        log.error({ table, id: row.id }, 'a sealed secret does not open, and stays under its root key')
        continue
      }
      const resealed = await keyring.sealSecret({ ...place, plain })
      plain.fill(0)
      await saveResealedSecret(db, { table, id: row.id, sealed: row.sealed, resealed })
    }
    count += page.length
    if (page.length < PAGE_SIZE) break
    after = (page.at(-1) as SealedRow).id
  }
  return count
}

/** Null for a damaged record, which does not hold up all the others. */
async function unlessBroken<Opened>(open: () => Promise<Opened>): Promise<Opened | null> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof SealBrokenError) return null
    throw error
  }
}

function isUnder(record: Buffer, { id, version }: RootKeyName): boolean {
  const named = rootKeyOf(record)
  return named.id === id.toLowerCase() && named.version === version
}
