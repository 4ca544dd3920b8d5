import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { type BucketOverview, listBucketOverviews } from '#storage-engine/metadata/bucket-overviews.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'

/**
 * How much of each bucket is encrypted, by name: sums only, nothing of what tenants stored. Throws AccessDenied,
 * NoSuchNamespace, InvalidArgument.
 */
export async function listBucketCoverage(
  engine: Engine,
  actor: Actor,
  { namespace, cursor, limit }: { namespace: string; cursor?: string | undefined; limit: number },
) {
  requireAdministrator(actor)
  const { id: namespaceId } = await requireNamespace(engine, namespace)
  const after = cursor === undefined ? null : { sortValue: 0, name: decodeCursor(cursor, ['string'])[0] }
  const wanted = { namespaceId, search: '', sort: 'name', order: 'asc', after, limit: limit + 1 } as const
  const overviews = await listBucketOverviews(engine.db, wanted)
  const page = overviews.slice(0, limit)
  const last = overviews.length > limit ? page.at(-1) : undefined
  return { buckets: page.map(describe), nextCursor: last === undefined ? null : encodeCursor([last.name]) }
}

function describe({ name, objectCount, sizeBytes, sealedCount, sealedBytes }: BucketOverview) {
  return {
    name,
    encryptedCount: sealedCount,
    encryptedBytes: sealedBytes,
    plainCount: objectCount - sealedCount,
    plainBytes: sizeBytes - sealedBytes,
  }
}
