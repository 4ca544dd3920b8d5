import type { Database, Queryable } from '#storage-engine/metadata/database.ts'

export interface AttestedBlob {
  namespaceId: string
  blobId: string
  /** 0 plain, 1 FLOE. */
  cipher: number
  /** Bytes of plaintext. */
  size: number
  storedSize: number
}

/** Blobs of one namespace and cipher. */
export interface BlobSum {
  namespaceId: string
  cipher: number
  count: number
  /** Bytes of plaintext. */
  sizeBytes: number
}

/** Runs `work` on one consistent view of the database, however long it takes; it may only read. */
export function readSnapshot<T>(db: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query({
      name: 'begin-snapshot',
      text: 'set transaction isolation level repeatable read, read only',
      values: [],
    })
    await tx.query({ name: 'no-statement-timeout', text: 'set local statement_timeout = 0', values: [] })
    return work(tx)
  })
}

/** Every blob that has a row, garbage included, in order of its id; pages behind `after` ('' begins). */
export function listAttestedBlobs(
  tx: Queryable,
  { after, limit }: { after: string; limit: number },
): Promise<AttestedBlob[]> {
  return tx.query({
    name: 'list-attested-blobs',
    text: `
select namespace_id as "namespaceId", blob_id as "blobId", cipher, size::float8 as size, stored_size::float8 as "storedSize"
from blobs where blob_id > coalesce(nullif($1, ''), '00000000-0000-0000-0000-000000000000')::uuid order by blob_id limit $2`,
    values: [after, limit],
  })
}

/** Parts of uploads that are not completed. */
export function sumOpenUploads(tx: Queryable): Promise<BlobSum[]> {
  return tx.query({
    name: 'sum-open-uploads',
    text: `
select b.namespace_id as "namespaceId", b.cipher, count(*)::float8 as count, sum(b.size)::float8 as "sizeBytes"
from uploads u join parts p on p.upload_id = u.id join blobs b on b.blob_id = p.blob_id where u.state = 'open' group by 1, 2`,
    values: [],
  })
}

/** What nothing refers to any more and no job has removed yet. */
export function sumGarbage(tx: Queryable): Promise<BlobSum[]> {
  return tx.query({
    name: 'sum-garbage',
    text: `
select b.namespace_id as "namespaceId", b.cipher, count(*)::float8 as count, sum(b.size)::float8 as "sizeBytes" from blobs b join (
  select blob_id from garbage_blobs union select p.blob_id from garbage_uploads g join parts p on p.upload_id = g.upload_id
) g on g.blob_id = b.blob_id group by 1, 2`,
    values: [],
  })
}

/** How many object versions have their data key under which version of their namespace's key. */
export function countDataKeys(
  tx: Queryable,
): Promise<{ namespaceId: string; namespaceKeyVersion: number; count: number }[]> {
  return tx.query({
    name: 'count-attested-data-keys',
    text: `
select b.namespace_id as "namespaceId", o.namespace_key_version as "namespaceKeyVersion", count(*)::float8 as count
from object_versions o join buckets b on b.id = o.bucket_id where o.namespace_key_version is not null group by 1, 2 order by 2`,
    values: [],
  })
}
