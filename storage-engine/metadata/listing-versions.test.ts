import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { deleteVersions } from '#storage-engine/metadata/delete-versions.ts'
import { listObjects } from '#storage-engine/metadata/listing.ts'
import { type ListVersions, listVersions, type VersionPage } from '#storage-engine/metadata/listing-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createBucketIn, createTestBucket } from '#storage-engine/metadata/test-database.ts'

const { db } = await openTestDatabase()
const bucket = await createTestBucket(db)

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

interface Row {
  key: string
  id: string
  isMarker: boolean
  /** Places among the versions of its key, 0 the newest. */
  place: number
  /** The place of the null version of its key. */
  nullPlace: number
}

/** Rows straight into the table; the null version of a key is the one at its `nullPlace`. */
async function fill(target: Bucket, rows: Row[]): Promise<void> {
  await db.query({
    name: 'fill-versions',
    text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1, key, case when place = 0 then 0 else 1000000 + place * 3 end, id, is_null, is_marker, $2, 1, 0, 'e', now(), 't'
from unnest($3::text[], $4::uuid[], $5::boolean[], $6::integer[], $7::boolean[]) as r (key, id, is_marker, place, is_null)`,
    values: [
      target.id,
      target.ownerId,
      rows.map(({ key }) => key),
      rows.map(({ id }) => id),
      rows.map(({ isMarker }) => isMarker),
      rows.map(({ place }) => place),
      rows.map(({ place, nullPlace }) => place === nullPlace),
    ],
  })
}

function rowsOf(key: string, markers: boolean[], nullPlace: number): Row[] {
  return markers.map((isMarker, place) => ({ key, id: newId(), isMarker, place, nullPlace }))
}

const nameOf = ({ key, id, place, nullPlace }: Row): string => `${key} ${place === nullPlace ? 'null' : id}`
const namesOf = ({ entries }: VersionPage): string[] =>
  entries.map((entry) => (entry.kind === 'prefix' ? entry.prefix : `${entry.key} ${entry.versionId}`))

/** S3's rule, spelled out over all versions at once. */
function naiveEntries(rows: Row[], { prefix, delimiter }: { prefix: string; delimiter: string }): string[] {
  const sorted = rows.toSorted((left, right) => byBytes(left.key, right.key) || left.place - right.place)
  const entries = new Set<string>()
  for (const row of sorted.filter(({ key }) => key.startsWith(prefix))) {
    const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length)
    entries.add(cut < 0 ? nameOf(row) : row.key.slice(0, cut + delimiter.length))
  }
  return [...entries]
}

async function listAll(params: Omit<ListVersions, 'keyMarker' | 'versionIdMarker'>): Promise<string[]> {
  const names: string[] = []
  let markers: Pick<ListVersions, 'keyMarker' | 'versionIdMarker'> = { keyMarker: '', versionIdMarker: null }
  for (;;) {
    const page = await listVersions(db, { ...params, ...markers })
    names.push(...namesOf(page))
    if (page.nextKeyMarker === null) return names
    expect(page.entries).toHaveLength(params.limit)
    markers = { keyMarker: page.nextKeyMarker, versionIdMarker: page.nextVersionIdMarker }
  }
}

const all = (own: Bucket) => ({
  bucketId: own.id,
  prefix: '',
  delimiter: '',
  keyMarker: '',
  versionIdMarker: null,
  limit: 1_000,
})

describe('listVersions', () => {
  it('equals the naive listing for any versions, prefix, delimiter and page size', async () => {
    const text = fc.array(fc.constantFrom('a', 'b', '/', '\u0001', 'é', '🙂', '\u{10ffff}'), { maxLength: 4 })
    const part = text.map((pieces) => pieces.join(''))
    const versions = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })
    const keys = fc.dictionary(
      part.filter((each) => each !== ''),
      fc.tuple(versions, fc.nat(4)),
      { maxKeys: 10 },
    )
    const delimiter = fc.oneof(fc.constantFrom('', '/', '\u{10ffff}'), part)
    const limit = fc.integer({ min: 1, max: 7 })
    const property = fc.asyncProperty(keys, part, delimiter, limit, async (byKey, prefix, delim, max) => {
      const own = await createBucketIn(db, bucket)
      const rows = Object.entries(byKey).flatMap(([key, [markers, nullPlace]]) => rowsOf(key, markers, nullPlace))
      await fill(own, rows)
      const listed = await listAll({ bucketId: own.id, prefix, delimiter: delim, limit: max })
      expect(listed).toEqual(naiveEntries(rows, { prefix, delimiter: delim }))
    })
    await fc.assert(property, { numRuns: 80 })
  })

  it('says what each version is', async () => {
    const own = await createBucketIn(db, bucket)
    const rows = rowsOf('k', [true, false, false], 1)
    await fill(own, rows)
    const { entries } = await listVersions(db, all(own))
    expect(entries).toMatchObject([
      { kind: 'delete-marker', versionId: rows[0]?.id, isLatest: true, ownerId: own.ownerId },
      { kind: 'version', versionId: 'null', isLatest: false, size: 1, etag: 'e', storageClass: 'STANDARD' },
      { kind: 'version', versionId: rows[2]?.id, isLatest: false },
    ])
  })

  it('begins behind a key without a version marker, and behind the version with one', async () => {
    const own = await createBucketIn(db, bucket)
    const rows = [...rowsOf('k', [false, false, false], 1), ...rowsOf('l', [false], 9)]
    await fill(own, rows)
    const behind = async (keyMarker: string, versionIdMarker: string | null) =>
      namesOf(await listVersions(db, { ...all(own), keyMarker, versionIdMarker }))
    const names = rows.map(nameOf)
    expect(await behind('k', null)).toEqual(names.slice(3))
    expect(await behind('k', rows[0]?.id as string)).toEqual(names.slice(1))
    expect(await behind('k', 'null')).toEqual(names.slice(2))
    expect(await behind('j', rows[0]?.id as string)).toEqual(names)
    expect(await behind('j\0', 'null')).toEqual(names)
  })

  it('misses nothing when what was listed is deleted before the next page', async () => {
    const own = await createBucketIn(db, bucket)
    const rows = ['a', 'b', 'c'].flatMap((key, index) => rowsOf(key, [false, true, false, false], index + 1))
    await fill(own, rows)
    let markers: Pick<ListVersions, 'keyMarker' | 'versionIdMarker'> = { keyMarker: '', versionIdMarker: null }
    const deleted: string[] = []
    for (;;) {
      const page = await listVersions(db, { ...all(own), ...markers, limit: 3 })
      const versions = page.entries.flatMap((entry) => (entry.kind === 'prefix' ? [] : [entry]))
      deleted.push(...namesOf(page))
      const asked = versions.map(({ key, versionId }) => ({
        key,
        versionId,
        mayBypassGovernance: false,
        condition: null,
      }))
      await deleteVersions(db, { bucketId: own.id, versions: asked })
      if (page.nextKeyMarker === null) break
      markers = { keyMarker: page.nextKeyMarker, versionIdMarker: page.nextVersionIdMarker }
    }
    expect(deleted.toSorted()).toEqual(rows.map(nameOf).toSorted())
    expect((await listVersions(db, all(own))).entries).toEqual([])
  })

  it('reads only what the page shows of 20,000 versions of a key, and below prefixes', async () => {
    const own = await createBucketIn(db, bucket)
    await db.query({
      name: 'fill-deep-versions',
      text: `
insert into object_versions (bucket_id, key, noncurrent_order, version_id, is_null, is_delete_marker, owner_id, size, sealed_size, etag, last_modified, content_type)
select $1::uuid, case when n > 20000 then 'p' || n % 10 || '/' || n % 100 else 'k' end, n - 1, gen_random_uuid(), false, n % 2 = 0, $2::uuid, 1, 0, 'e', now(), 't'
from generate_series(1, 40000) n
union all select $1, 'z', 0, gen_random_uuid(), false, false, $2, 1, 0, 'e', now(), 't'`,
      values: [own.id, own.ownerId],
    })
    const readsOf = (params: Partial<ListVersions>) =>
      db.transaction(async (tx) => {
        const before = await countIndexReads(tx)
        const page = await listVersions(tx, { ...all(own), ...params })
        return { page, reads: (await countIndexReads(tx)) - before }
      })
    const flat = await readsOf({ limit: 100 })
    expect(flat.page.entries).toHaveLength(100)
    expect(flat.reads).toBeLessThan(200)
    const { nextKeyMarker, nextVersionIdMarker } = flat.page
    const next = await readsOf({ limit: 100, keyMarker: nextKeyMarker as string, versionIdMarker: nextVersionIdMarker })
    expect(next.page.entries).toHaveLength(100)
    expect(next.reads).toBeLessThan(200)
    const folders = await readsOf({ prefix: '', delimiter: '/', keyMarker: 'k' })
    expect(folders.page.entries).toHaveLength(11)
    expect(folders.reads).toBeLessThan(100)
    expect((await listObjects(db, { ...all(own), startAfter: '' })).entries).toHaveLength(2)
  })

  it('has an empty page for a limit of 0 and a prefix with NUL, and refuses more than 1,000 entries', async () => {
    const own = await createBucketIn(db, bucket)
    await fill(own, rowsOf('a', [false], 0))
    const empty = { entries: [], isTruncated: false, nextKeyMarker: null, nextVersionIdMarker: null }
    expect(await listVersions(db, { ...all(own), limit: 0 })).toEqual(empty)
    expect(await listVersions(db, { ...all(own), prefix: 'a\0' })).toEqual(empty)
    await expect(listVersions(db, { ...all(own), limit: 1_001 })).rejects.toMatchObject({ code: 'InvalidArgument' })
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
