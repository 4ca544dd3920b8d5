import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { insertEvent, type PendingEvents } from '#storage-engine/metadata/events.ts'
import { versionProbe, visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import { isUuid } from '#storage-engine/metadata/is-uuid.ts'
import { lockKeys } from '#storage-engine/metadata/key-locks.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'

export interface ChangeableVersion {
  ownerId: string
  lock: ObjectLock | null
  settings: ObjectSettings | null
  /** Postgres' clock. */
  now: Date
}

export interface UpdateVersion {
  bucketId: string
  key: string
  /** As S3 shows it; null is the current version. */
  versionId: string | null
  /** Called with the version as it is, under its key's lock; what it throws undoes everything. */
  change: (version: ChangeableVersion) => { lock: ObjectLock | null; settings: ObjectSettings | null }
  /** Noted together with the change; absent when nobody asked to hear of it. */
  event?: { names: readonly string[]; pending: PendingEvents }
}

interface VersionRow extends ChangeableVersion {
  /** A bigint. */
  order: string
  versionId: string
  isNull: boolean
  isDeleteMarker: boolean
  isVersioned: boolean
  size: number
  etag: string
}

/**
 * Changes what is stored of a version besides its bytes and headers; Last-Modified stays. Resolves to the id that S3 shows.
 * Throws NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker) and what `change` throws.
 */
export async function updateVersion(
  db: Queryable,
  { bucketId, key, versionId, change, event }: UpdateVersion,
): Promise<string> {
  return db.transaction(async (tx) => {
    const row = await lockVersion(tx, { bucketId, key, versionId })
    if (row === null) throw missing({ key, versionId })
    if (row.isDeleteMarker) throw new StorageError('MethodNotAllowed', { headers: { 'x-amz-delete-marker': 'true' } })
    const { lock, settings } = change(row)
    await tx.query({
      name: 'update-version',
      text: 'update object_versions set lock = $4, settings = $5 where bucket_id = $1 and key = $2 and noncurrent_order = $3',
      values: [bucketId, key, row.order, toJson(lock), toJson(settings)],
    })
    const shownId = visibleVersionId(row)
    if (event !== undefined) {
      const { size, etag, isVersioned } = row
      const happened = { pending: event.pending, bucketId, key, size, etag, versionId: isVersioned ? shownId : null }
      for (const name of event.names) await insertEvent(tx, { ...happened, name })
    }
    return shownId
  })
}

async function lockVersion(
  tx: Queryable,
  { bucketId, key, versionId }: Pick<UpdateVersion, 'bucketId' | 'key' | 'versionId'>,
): Promise<VersionRow | null> {
  if (key.includes('\0') || (versionId !== null && versionId !== 'null' && !isUuid(versionId))) return null
  const locked = await lockKeys(tx, { bucketId, keys: [key] })
  if (!locked.has(key)) return null
  const from = versionId === null ? CURRENT : NAMED
  const uuid = versionId === null || versionId === 'null' ? null : versionId
  const [row] = await tx.query<VersionRow>({
    name: versionId === null ? 'read-current-version' : 'read-named-version',
    text: `
select v.noncurrent_order::text as "order", v.version_id as "versionId", v.is_null as "isNull", v.is_delete_marker as "isDeleteMarker", v.owner_id as "ownerId", v.lock, v.settings,
  v.size::float8 as size, v.etag, (select b.versioning <> 'unversioned' from buckets b where b.id = $1) as "isVersioned", clock_timestamp() as now from ${from} v`,
    values: versionId === null ? [bucketId, key] : [bucketId, key, uuid],
  })
  return row ?? null
}

const CURRENT = '(select * from object_versions where bucket_id = $1 and key = $2 and noncurrent_order = 0)'
const NAMED = `(select $2::text as key, $3::uuid as version_id) i cross join lateral (${versionProbe({ columns: 'o.*', bucketId: '$1' })})`

function missing({ key, versionId }: { key: string; versionId: string | null }): StorageError {
  if (versionId === null) return new StorageError('NoSuchKey', { extra: { Key: key } })
  return new StorageError('NoSuchVersion', { extra: { Key: key, VersionId: versionId } })
}

/** Nothing set is stored as null. */
function toJson(value: object | null): string | null {
  return value === null || Object.keys(value).length === 0 ? null : JSON.stringify(value)
}
