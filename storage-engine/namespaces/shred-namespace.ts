import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import { readSnapshot } from '#storage-engine/metadata/attested-blobs.ts'
import { findLockedVersion, noticeOfLock } from '#storage-engine/metadata/locked-versions.ts'
import { listNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import {
  beginDestruction,
  cancelShred,
  emptyShreddedBucket,
  finishShred,
  insertShred,
  listShreddedBuckets,
  type NamespaceShred,
} from '#storage-engine/metadata/namespace-shreds.ts'
import { countBlobsByCipher, getNamespace } from '#storage-engine/metadata/namespaces.ts'
import { signDocument } from '#storage-engine/namespaces/sign-document.ts'

const DAYS_MIN = 7
const DAYS_MAX = 90
const DAY_MS = 86_400_000
const BUCKETS_PAGE = 100
const VERSIONS_PAGE = 1000

/**
 * Sets the day on which every key of a namespace is destroyed, and all its data with them. Until then it takes no new data,
 * what is there can be read, and the order can be taken back. Throws InvalidArgument for other than 7 to 90 days (0 to 90 in
 * development), KeyIsInUse while something is locked in COMPLIANCE mode or under a legal hold, KeysAreChanging when it is
 * ordered already.
 */
export async function scheduleShred(
  engine: Engine,
  { namespaceId, days, scheduledBy }: { namespaceId: string; days: number; scheduledBy: string },
): Promise<void> {
  const daysMin = engine.config.mode === 'development' ? 0 : DAYS_MIN
  if (!Number.isInteger(days) || days < daysMin || days > DAYS_MAX) {
    throw new StorageError('InvalidArgument', {
      message: `The keys of a namespace are destroyed after ${daysMin} to ${DAYS_MAX} days.`,
      extra: { ArgumentName: 'days', ArgumentValue: String(days) },
    })
  }
  const now = new Date()
  const dueAt = new Date(now.getTime() + days * DAY_MS)
  const locked = await findLockedVersion(engine.db, { namespaceId, namedKeyId: null, now })
  if (locked !== null) throw new StorageError('KeyIsInUse', { notice: noticeOfLock(locked) })
  await insertShred(engine.db, { id: newId(), namespaceId, scheduledBy, dueAt })
}

/** Takes the order back. Throws KeysAreChanging when there is none any more. */
export async function keepNamespace(engine: Engine, { namespaceId }: { namespaceId: string }): Promise<void> {
  if (await cancelShred(engine.db, { namespaceId })) return
  throw new StorageError('KeysAreChanging', { notice: { code: 'no-shred-scheduled', values: {} } })
}

/**
 * Destroys the keys of a namespace, here and in the keystore, and leaves a signed record. May be called again after a crash at
 * any point. Resolves to false when it has to wait, since something is locked in the namespace, or was taken back.
 */
export async function shredNamespace(engine: Engine, shred: NamespaceShred): Promise<boolean> {
  const { db, keystore, keyring, log } = engine
  const { id, namespaceId } = shred
  if (shred.state === 'scheduled' && !(await beginDestruction(db, { id, namespaceId, now: new Date() }))) return false
  const keys = await listNamespaceKeys(db, { namespaceId })
  for (const { tokenId } of keys) if (tokenId !== null) await keystore.destroy(tokenId)
  keyring.forgetKeys()
  const destroyedAt = new Date()
  const record = await signRecord(engine, { shred, destroyedAt })
  await finishShred(db, { id, destroyedAt, record })
  log.warn({ namespaceId, keys: keys.length }, 'namespace shredded')
  return true
}

/** What was destroyed, for whom it may concern later: docs/formats/destruction.md. */
async function signRecord(
  engine: Engine,
  { shred, destroyedAt }: { shred: NamespaceShred; destroyedAt: Date },
): Promise<Record<string, unknown>> {
  const { db, clusterId } = engine
  const { namespaceId, scheduledBy, scheduledAt, dueAt } = shred
  const { id, name, displayName } = await getNamespace(db, { id: namespaceId })
  const keys = await listNamespaceKeys(db, { namespaceId })
  const blobs = await readSnapshot(db, (tx) => countBlobsByCipher(tx, { namespaceId }))
  const sumOf = (cipher: number) => {
    const found = blobs.find((sum) => sum.cipher === cipher)
    return { count: found?.count ?? 0, sizeBytes: found?.sizeBytes ?? 0 }
  }
  return signDocument(engine, {
    format: 'sceau-destruction-1',
    clusterId,
    namespace: { id, name, displayName },
    scheduledBy,
    scheduledAt: scheduledAt.toISOString(),
    dueAt: dueAt.toISOString(),
    destroyedAt: destroyedAt.toISOString(),
    keys: keys.map(({ version, createdAt, retiredAt, tokenId }) => ({
      version,
      createdAt: createdAt.toISOString(),
      destroyedAt: (retiredAt ?? destroyedAt).toISOString(),
      tokenId,
    })),
    sealedBlobs: sumOf(1),
    plainBlobs: sumOf(0),
  })
}

/** Gives back what shredded namespaces hold: rows now, bytes with the next collection. Resolves to how many versions went. */
export async function emptyShreddedNamespaces({ db }: Engine, { signal }: { signal: AbortSignal }): Promise<number> {
  let emptiedCount = 0
  while (!signal.aborted) {
    const buckets = await listShreddedBuckets(db, { limit: BUCKETS_PAGE })
    if (buckets.length === 0) break
    for (const { bucketId } of buckets) {
      for (let count = VERSIONS_PAGE; count === VERSIONS_PAGE && !signal.aborted; emptiedCount += count) {
        count = await emptyShreddedBucket(db, { bucketId, limit: VERSIONS_PAGE })
      }
    }
  }
  return emptiedCount
}
