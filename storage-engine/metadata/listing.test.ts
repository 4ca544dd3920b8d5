import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { type ListObjects, listObjects } from '#storage-engine/metadata/listing.ts'
import { commitObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createBucketIn, createTestBucket, deleteKeys, testObject } from '#storage-engine/metadata/test-database.ts'

const { db } = await openTestDatabase()
const bucket = await createTestBucket(db)

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

/** S3's rule, spelled out over all keys at once. */
function naiveEntries(keys: string[], { prefix, delimiter }: { prefix: string; delimiter: string }): string[] {
  const entries = new Set<string>()
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    entries.add(cut < 0 ? key : key.slice(0, cut + delimiter.length))
  }
  return [...entries].sort(byBytes)
}

async function listAll(params: Omit<ListObjects, 'startAfter'>): Promise<string[]> {
  const names: string[] = []
  for (let startAfter = ''; ; ) {
    const page = await listObjects(db, { ...params, startAfter })
    names.push(...page.entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix)))
    expect(page.entries.length).toBeLessThanOrEqual(params.limit)
    if (page.nextMarker === null) return names
    expect(page.entries).toHaveLength(params.limit)
    startAfter = page.nextMarker
  }
}

async function fill(target: Bucket, keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => commitObject(db, testObject(target, key))))
}

describe('listObjects', () => {
  it('equals the naive listing for any keys, prefix, delimiter, marker and page size', async () => {
    const pieces = [
      'a',
      'b',
      '/',
      '//',
      '\u0001',
      ' ',
      'é',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '🙂',
      '\u{10ffff}',
      'A',
      '%',
      '_',
      '\\',
      "'",
    ]
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((parts) => parts.join(''))
    const keys = fc.uniqueArray(
      text.filter((key) => key !== ''),
      { maxLength: 25 },
    )
    const delimiter = fc.oneof(fc.constantFrom('', '/', '//', 'é', '🙂', '\u{10ffff}', 'a/', '\u0001'), text)
    const property = fc.asyncProperty(
      keys,
      text,
      delimiter,
      text,
      fc.integer({ min: 1, max: 6 }),
      async (keySet, prefix, delim, startAfter, limit) => {
        const own = await createBucketIn(db, bucket)
        await fill(own, keySet)
        const expected = naiveEntries(keySet, { prefix, delimiter: delim })
        expect(await listAll({ bucketId: own.id, prefix, delimiter: delim, limit })).toEqual(expected)
        const behind = expected.filter((entry) => byBytes(entry, startAfter) > 0)
        const page = await listObjects(db, { bucketId: own.id, prefix, delimiter: delim, startAfter, limit })
        expect(page.entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix))).toEqual(
          behind.slice(0, limit),
        )
        expect(page.isTruncated).toBe(behind.length > limit)
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })

  it('lists the highest code point, which has no successor, as key, prefix and delimiter', async () => {
    const own = await createBucketIn(db, bucket)
    const last = '\u{10ffff}'
    const keys = [last, last + last, `${last}a`, `${last}${last}b`, last.repeat(256)]
    await fill(own, keys)
    expect(await listAll({ bucketId: own.id, prefix: last, delimiter: '', limit: 2 })).toEqual(keys.toSorted(byBytes))
    expect(await listAll({ bucketId: own.id, prefix: last, delimiter: last, limit: 2 })).toEqual(
      naiveEntries(keys, { prefix: last, delimiter: last }),
    )
  })

  it('carries what listings show of an object', async () => {
    const own = await createTestBucket(db, { encryptionMode: 'on' })
    const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } as const
    const object = testObject(own, 'dir/key', { size: 7, checksum, contentType: 'image/png' })
    const { lastModified } = await commitObject(db, object)
    const { entries } = await listObjects(db, {
      bucketId: own.id,
      prefix: 'dir/',
      delimiter: '/',
      startAfter: '',
      limit: 10,
    })
    const { versionId, ownerId, etag } = object
    expect(entries).toEqual([
      {
        kind: 'object',
        key: 'dir/key',
        versionId,
        ownerId,
        size: 7,
        sealed: true,
        etag,
        lastModified,
        contentType: 'image/png',
        checksum,
        storageClass: 'STANDARD',
      },
    ])
  })

  it('pages 20,000 keys in full pages, each once, while others come and go', async () => {
    const own = await createBucketIn(db, bucket)
    const keys = Array.from({ length: 20_000 }, (_, index) => `${index % 100}/${String(index).padStart(5, '0')}`)
    await db.query({
      name: 'fill-20k',
      text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1, key, 0, gen_random_uuid(), true, false, $2, 1, 0, 'e', now(), 't' from unnest($3::text[]) as k (key)`,
      values: [own.id, own.ownerId, keys],
    })
    const seen: string[] = []
    let pageCount = 0
    for (let startAfter = ''; ; pageCount++) {
      const page = await listObjects(db, { bucketId: own.id, prefix: '', delimiter: '', startAfter, limit: 1_000 })
      seen.push(...page.entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix)))
      // What appears and disappears behind and before the marker must not move the others.
      await commitObject(db, testObject(own, `!new-${pageCount}`))
      await deleteKeys(db, own, [`!new-${pageCount - 1}`])
      if (page.nextMarker === null) break
      expect(page.entries).toHaveLength(1_000)
      startAfter = page.nextMarker
    }
    expect(seen).toEqual(keys.toSorted(byBytes))
    const prefixes = await listAll({ bucketId: own.id, prefix: '', delimiter: '/', limit: 7 })
    expect(prefixes).toEqual(
      [
        ...naiveEntries(keys, { prefix: '', delimiter: '/' }),
        ...prefixes.filter((name) => name.startsWith('!')),
      ].toSorted(byBytes),
    )
  })

  it('reads only what the page shows, however much lies below the prefixes', async () => {
    const own = await createBucketIn(db, bucket)
    await db.query({
      name: 'fill-deep',
      text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1, 'p' || n % 10 || '/' || n, 0, gen_random_uuid(), true, false, $2, 1, 0, 'e', now(), 't' from generate_series(1, 20000) n`,
      values: [own.id, own.ownerId],
    })
    const query = { bucketId: own.id, prefix: '', delimiter: '/', startAfter: '', limit: 1_000 }
    const { count, reads } = await db.transaction(async (tx) => {
      const before = await countIndexReads(tx)
      const { entries } = await listObjects(tx, query)
      return { count: entries.length, reads: (await countIndexReads(tx)) - before }
    })
    expect(count).toBe(10)
    expect(reads).toBeGreaterThanOrEqual(10)
    expect(reads).toBeLessThan(100)
  })

  it('has an empty page for a limit of 0, a prefix with NUL, and a bucket without keys', async () => {
    const own = await createBucketIn(db, bucket)
    const empty = { entries: [], isTruncated: false, nextMarker: null }
    const query = { bucketId: own.id, prefix: '', delimiter: '/', startAfter: '', limit: 1_000 }
    expect(await listObjects(db, query)).toEqual(empty)
    await fill(own, ['a', 'b'])
    expect(await listObjects(db, { ...query, limit: 0 })).toEqual(empty)
    expect(await listObjects(db, { ...query, prefix: 'a\0' })).toEqual(empty)
    expect((await listObjects(db, { ...query, startAfter: 'a\0b', delimiter: '\0' })).entries).toMatchObject([
      { key: 'b' },
    ])
  })

  it('refuses more than 1,000 entries a page', async () => {
    await expect(
      listObjects(db, { bucketId: bucket.id, prefix: '', delimiter: '', startAfter: '', limit: 1_001 }),
    ).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})

/** Rows of object_versions that index scans of this connection fetched and that the statistics have not taken over yet. */
async function countIndexReads(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ reads: number }>({
    name: 'count-index-reads',
    text: `select idx_tup_fetch::float8 as reads from pg_stat_xact_user_tables where relname = 'object_versions'`,
    values: [],
  })
  return row?.reads ?? 0
}
