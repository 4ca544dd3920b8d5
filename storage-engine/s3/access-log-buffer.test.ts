import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LoggingConfiguration } from '#storage-engine/bucket-settings.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { createAccessLogBuffer } from '#storage-engine/s3/access-log-buffer.ts'
import type { OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000

let test: TestEngine
let bucket: Bucket
let isAway: boolean
let warnings: string[]

beforeAll(async () => {
  test = await startTestEngine()
})

afterAll(() => test.stop())

beforeEach(async () => {
  isAway = false
  warnings = []
  bucket = logged(await createTestBucketIn(test.engine), { targetBucket: 'logs', targetPrefix: '' })
})

function logged(from: Bucket, logging: LoggingConfiguration): Bucket {
  return { ...from, settings: { ...from.settings, logging } }
}

function createBuffer({ intervalMs = 60_000 } = {}) {
  const owners = {
    findOwners: async (ids: Iterable<string>) => new Map([...ids].map((id) => [id, { canonicalId: `owner-${id}` }])),
  } as unknown as OwnerDirectory
  const query: typeof test.engine.db.query = (statement) => {
    if (isAway) throw new Error('Postgres is away')
    return test.engine.db.query(statement)
  }
  const log = { warn: (_: object, message: string) => void warnings.push(message) } as never
  return createAccessLogBuffer({ db: { ...test.engine.db, query }, log }, { owners, intervalMs })
}

/** What Postgres has of the bucket: one text a row. */
async function rows(): Promise<{ day: string; lines: string; recordCount: number; logging: LoggingConfiguration }[]> {
  return test.engine.db.query({
    name: 'rows',
    text: `select day::text as day, lines, record_count as "recordCount", logging from log_records where bucket_id = $1 order by id`,
    values: [bucket.id],
  })
}

describe('records', () => {
  it('of one bucket, target and day become one row', async () => {
    const buffer = createBuffer()
    const other = logged(bucket, { targetBucket: 'others', targetPrefix: '' })
    buffer.add(bucket, { receivedAt: NOON, fields: 'a "{}" \\,' })
    buffer.add(other, { receivedAt: NOON, fields: 'b' })
    buffer.add(bucket, { receivedAt: NOON, fields: 'c' })
    buffer.add(bucket, { receivedAt: NOON + DAY_MS, fields: 'd' })
    await buffer.close()
    const owner = `owner-${bucket.ownerId}`
    const found = await rows()
    expect(found.map(({ day, lines, recordCount }) => [day, lines, recordCount])).toEqual([
      ['2026-11-22', `${owner} a "{}" \\,\n${owner} c\n`, 2],
      ['2026-11-22', `${owner} b\n`, 1],
      ['2026-11-23', `${owner} d\n`, 1],
    ])
    expect(found.map(({ logging }) => logging.targetBucket)).toEqual(['logs', 'others', 'logs'])
  })

  it('are handed over after a moment', async () => {
    const buffer = createBuffer({ intervalMs: 10 })
    buffer.add(bucket, { receivedAt: NOON, fields: 'a' })
    await vi.waitFor(async () => expect(await rows()).toHaveLength(1), { timeout: 5_000 })
    buffer.add(bucket, { receivedAt: NOON, fields: 'b' })
    await vi.waitFor(async () => expect(await rows()).toHaveLength(2), { timeout: 5_000 })
    await buffer.close()
    expect(warnings).toEqual([])
  })

  it('wait while Postgres is away, in order', async () => {
    const buffer = createBuffer({ intervalMs: 10 })
    isAway = true
    buffer.add(bucket, { receivedAt: NOON, fields: 'a' })
    await vi.waitFor(() => expect(warnings).toContain('access log records have to wait'), { timeout: 5_000 })
    buffer.add(bucket, { receivedAt: NOON, fields: 'b' })
    isAway = false
    await vi.waitFor(async () => expect(await rows()).toHaveLength(2), { timeout: 5_000 })
    await buffer.close()
    expect((await rows()).map(({ lines }) => lines.trim().at(-1))).toEqual(['a', 'b'])
  })

  it('are lost beyond 16 MiB, and when Postgres is away to the end, which is told', async () => {
    const buffer = createBuffer()
    const fields = 'x'.repeat(8 * 1024 ** 2)
    for (let count = 0; count < 3; count++) buffer.add(bucket, { receivedAt: NOON, fields })
    await buffer.close()
    expect((await rows()).map(({ recordCount }) => recordCount)).toEqual([2])
    expect(warnings).toEqual(['access log records were lost'])
    const late = createBuffer()
    isAway = true
    late.add(bucket, { receivedAt: NOON, fields: 'a' })
    await late.close()
    expect(warnings.slice(1)).toEqual(['access log records have to wait', 'access log records were lost'])
  })
})
