import type { Actor } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { browseObjects } from '#storage-engine/metadata/browsing.ts'
import type { ListedObject } from '#storage-engine/metadata/listing.ts'
import { findExistingObjects } from '#storage-engine/metadata/object-selections.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { listParts } from '#storage-engine/metadata/parts.ts'
import { isSealed } from '#storage-engine/objects/read-object.ts'
import { requireBucket } from '#storage-engine/service/buckets.ts'

/** As encryption.md and the format documents call it. */
const SEALED_ALGORITHM = 'AES-256-GCM (FLOE)'
/** Parts shown of a multipart object; a person reads no more. */
const PARTS_SHOWN_MAX = 1000

interface BucketAddress {
  namespace: string
  bucket: string
}

export interface ListObjectsInput extends BucketAddress {
  /** The folder; empty is the bucket itself. */
  prefix: string
  search: string
  scope: 'folder' | 'bucket'
  sort: 'name' | 'size' | 'modified'
  order: 'asc' | 'desc'
  cursor?: string | undefined
  limit: number
}

/** A page of a folder, or of the whole bucket. Throws NoSuchNamespace, AccessDenied, NoSuchBucket, InvalidArgument. */
export async function listObjects(engine: Engine, actor: Actor, input: ListObjectsInput) {
  const bucket = await requireBucket(engine, actor, input, 'object-storage_read')
  const { scope, search, sort, order, limit, cursor } = input
  const prefix = scope === 'bucket' ? '' : input.prefix
  const page = await browseObjects(engine.db, {
    bucketId: bucket.id,
    prefix,
    scope,
    search,
    sort,
    order,
    cursor,
    limit,
  })
  return {
    folders: page.folders.map((folder) => ({ prefix: folder, name: folder.slice(prefix.length).replace(/\/$/, '') })),
    objects: page.objects.map((object) => describeListed(object, prefix)),
    nextCursor: page.nextCursor,
  }
}

/** Everything that is known of an object. Throws NoSuchNamespace, AccessDenied, NoSuchBucket, NoSuchKey. */
export async function getObject(engine: Engine, actor: Actor, input: BucketAddress & { key: string }) {
  const { name: bucketName } = await requireBucket(engine, actor, input, 'object-storage_read')
  const { object } = await findObject(engine.db, { bucketName, key: input.key })
  if (object === null) throw new StorageError('NoSuchKey')
  const sealed = isSealed(object)
  return {
    key: object.key,
    name: object.key,
    size: object.size,
    lastModified: object.lastModified.toISOString(),
    etag: object.etag,
    contentType: object.contentType,
    sealed,
    versionId: object.isNull ? null : object.versionId,
    checksum: object.checksum,
    systemHeaders: object.systemHeaders ?? {},
    userMetadata: object.userMetadata ?? {},
    encryption: {
      sealed,
      algorithm: sealed ? SEALED_ALGORITHM : null,
      namespaceKeyVersion: sealed ? object.namespaceKeyVersion : null,
      ...(sealed ? keyOf(object) : { keyKind: null, keyName: null }),
    },
    parts: await describeParts(engine, object),
    partCount: object.partCount,
  }
}

/** Whose key opens a sealed object besides the namespace's. */
function keyOf({ settings }: ObjectVersion) {
  const { encryption } = settings ?? {}
  if (encryption?.kind === 'kms') return { keyKind: 'named' as const, keyName: encryption.keyName }
  return { keyKind: encryption?.kind === 'customer' ? ('customer' as const) : ('namespace' as const), keyName: null }
}

/** Of keys that are about to be uploaded, those that would be replaced. Throws as getObject. */
export async function preflight(engine: Engine, actor: Actor, input: BucketAddress & { keys: string[] }) {
  const { id: bucketId } = await requireBucket(engine, actor, input, 'object-storage_write')
  const existing = await findExistingObjects(engine.db, { bucketId, keys: input.keys })
  return {
    existing: existing.map(({ key, size, lastModified }) => ({ key, size, lastModified: lastModified.toISOString() })),
  }
}

function describeListed({ key, size, lastModified, etag, contentType, sealed }: ListedObject, prefix: string) {
  const name = key.slice(prefix.length)
  return { key, name, size, lastModified: lastModified.toISOString(), etag, contentType, sealed }
}

async function describeParts(engine: Engine, { uploadId }: ObjectVersion) {
  if (uploadId === null) return null
  const parts = await listParts(engine.db, { uploadId, after: 0, limit: PARTS_SHOWN_MAX })
  return parts.map(({ partNumber, size, etag }) => ({ partNumber, size, etag }))
}
