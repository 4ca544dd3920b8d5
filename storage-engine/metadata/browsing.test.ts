import { beforeAll, describe, expect, it } from 'vitest'
import { type BrowseObjects, browseObjects } from '#storage-engine/metadata/browsing.ts'
import { commitObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'

const { db } = await openTestDatabase()
const bucket = await createTestBucket(db)

const SIZES: Record<string, number> = {
  'a.txt': 30,
  'B.txt': 10,
  'photos/one.jpg': 5,
  'photos/Straße.jpg': 6,
  'photos/2024/x': 7,
  'docs/readme': 8,
  'z.txt': 10,
  'été.TXT': 20,
  'photos2/one.JPG': 1,
}

beforeAll(async () => {
  for (const [key, size] of Object.entries(SIZES)) await commitObject(db, testObject(bucket, key, { size }))
})

async function browseAll(changes: Partial<BrowseObjects>): Promise<string[]> {
  const names: string[] = []
  for (let cursor: string | undefined; ; ) {
    const params = {
      bucketId: bucket.id,
      prefix: '',
      scope: 'folder',
      search: '',
      sort: 'name',
      order: 'asc',
      limit: 2,
      ...changes,
      cursor,
    } as const
    const page = await browseObjects(db, params)
    names.push(...page.folders, ...page.objects.map(({ key }) => key))
    if (page.nextCursor === null) return names
    expect(page.folders.length + page.objects.length).toBe(params.limit)
    cursor = page.nextCursor
  }
}

describe('browseObjects', () => {
  it('shows a folder: folders first, then what lies directly in it, by name both ways', async () => {
    expect(await browseAll({})).toEqual(['docs/', 'photos/', 'photos2/', 'B.txt', 'a.txt', 'z.txt', 'été.TXT'])
    expect(await browseAll({ order: 'desc' })).toEqual([
      'photos2/',
      'photos/',
      'docs/',
      'été.TXT',
      'z.txt',
      'a.txt',
      'B.txt',
    ])
    expect(await browseAll({ prefix: 'photos/' })).toEqual(['photos/2024/', 'photos/Straße.jpg', 'photos/one.jpg'])
    expect(await browseAll({ limit: 3 })).toEqual(await browseAll({ limit: 100 }))
  })

  it('sorts by size and by time of change, equal ones by name', async () => {
    expect(await browseAll({ sort: 'size' })).toEqual([
      'docs/',
      'photos/',
      'photos2/',
      'B.txt',
      'z.txt',
      'été.TXT',
      'a.txt',
    ])
    expect(await browseAll({ sort: 'size', order: 'desc' })).toEqual([
      'photos2/',
      'photos/',
      'docs/',
      'a.txt',
      'été.TXT',
      'z.txt',
      'B.txt',
    ])
    const byTime = Object.keys(SIZES)
    expect(await browseAll({ scope: 'bucket', sort: 'modified', limit: 100 })).toEqual(
      await browseAll({ scope: 'bucket', sort: 'modified' }),
    )
    expect((await browseAll({ scope: 'bucket', sort: 'modified' })).toSorted()).toEqual(byTime.toSorted())
  })

  it('searches whatever the case, in a folder or in the whole bucket', async () => {
    expect(await browseAll({ search: 'TXT' })).toEqual(['B.txt', 'a.txt', 'z.txt', 'été.TXT'])
    expect(await browseAll({ search: 'ÉTÉ' })).toEqual(['été.TXT'])
    expect(await browseAll({ search: 'photos' })).toEqual(['photos/', 'photos2/'])
    expect(await browseAll({ search: 'ONE.jpg', scope: 'bucket' })).toEqual(['photos/one.jpg', 'photos2/one.JPG'])
    expect(await browseAll({ search: 'STRASSE', scope: 'bucket' })).toEqual(['photos/Straße.jpg'])
    expect(await browseAll({ search: 'one', scope: 'bucket', prefix: 'photos/' })).toEqual(['photos/one.jpg'])
    expect(await browseAll({ search: '%' })).toEqual([])
    expect(await browseAll({ search: 'nul\0' })).toEqual([])
  })

  it('refuses a cursor that it did not make', async () => {
    for (const cursor of [
      '',
      'x',
      Buffer.from('[1,2,3]').toString('base64url'),
      Buffer.from('[true,1,"a\\u0000"]').toString('base64url'),
    ]) {
      const query = {
        bucketId: bucket.id,
        prefix: '',
        scope: 'folder',
        search: '',
        sort: 'name',
        order: 'asc',
        limit: 2,
        cursor,
      } as const
      await expect(browseObjects(db, query)).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
  })
})
