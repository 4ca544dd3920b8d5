import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StorageError } from '#storage-engine/errors.ts'
import { createLog } from '#storage-engine/log.ts'
import { closeDatabase, type Database, openDatabase } from '#storage-engine/metadata/database.ts'
import { migrateDatabase } from '#storage-engine/metadata/migrate.ts'
import { commitObject, findObject } from '#storage-engine/metadata/object-versions.ts'
import { createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'
import { countUsers } from '#storage-engine/metadata/users.ts'
import { type Postgres, startPostgres } from '#storage-engine/postgres.ts'

const MIGRATIONS = path.resolve('drizzle/migrations')

/** A server of our own, since these tests kill it. */
let directory: string
let postgres: Postgres
let db: Database

const start = (): Promise<Postgres> =>
  startPostgres({ directory: path.join(directory, 'postgres'), log: createLog({ level: 'error', role: 'test' }) })

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-database-'))
  postgres = await start()
  // Three processes that start at once: one migrates, the others find it done.
  await Promise.all(
    Array.from({ length: 3 }, () => migrateDatabase({ connection: postgres.connection, folder: MIGRATIONS })),
  )
  db = await openDatabase({ connection: postgres.connection })
})
afterAll(async () => {
  await closeDatabase(db)
  await postgres.stop()
  fs.rmSync(directory, { recursive: true, force: true })
})

describe('when Postgres is killed under load', () => {
  it('keeps every acknowledged commit, says ServiceUnavailable of the others, and serves again after its restart', async () => {
    const bucket = await createTestBucket(db)
    const acknowledged: string[] = []
    const failures: unknown[] = []
    let isOver = false
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      for (let turn = 0; !isOver; turn++) {
        const key = `key-${writer}-${turn}`
        const precondition = turn % 10 === 0 ? ({ ifNoneMatch: '*' } as const) : null
        await commitObject(db, testObject(bucket, key, { precondition })).then(
          () => acknowledged.push(key),
          (error: unknown) => failures.push(error),
        )
      }
    })
    const readFailures: unknown[] = []
    const reader = (async () => {
      while (!isOver)
        await findObject(db, { bucketName: bucket.name, key: 'key-0-0' }).catch((error: unknown) =>
          readFailures.push(error),
        )
    })()
    await sleep(200)
    for (let kill = 0; kill < 2; kill++) {
      process.kill(postgres.pid, 'SIGKILL')
      await postgres.exited
      postgres = await start()
      const before = acknowledged.length
      const giveUpAt = performance.now() + 10_000
      while (acknowledged.length < before + 100 && performance.now() < giveUpAt) await sleep(20)
      expect(acknowledged.length).toBeGreaterThanOrEqual(before + 100)
    }
    isOver = true
    await Promise.all([...writers, reader])

    expect(failures.length).toBeGreaterThan(0)
    for (const failure of [...failures, ...readFailures]) expect(failure).toMatchObject({ code: 'ServiceUnavailable' })
    const found = await Promise.all(acknowledged.map((key) => findObject(db, { bucketName: bucket.name, key })))
    expect(found.filter(({ object }) => object === null)).toEqual([])
  }, 40_000)

  it('runs ordinary queries again without a new database', async () => {
    process.kill(postgres.pid, 'SIGKILL')
    await postgres.exited
    const whileAway = countUsers(db).catch((error: unknown) => error)
    postgres = await start()
    const outcome = await whileAway
    expect(outcome === 0 || (outcome instanceof StorageError && outcome.code === 'ServiceUnavailable')).toBe(true)
    expect(await countUsers(db)).toBe(0)
  }, 20_000)
})

describe('openDatabase', () => {
  it('says ServiceUnavailable where nothing listens, within its five seconds', async () => {
    const begun = performance.now()
    const connection = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' }
    await expect(openDatabase({ connection })).rejects.toMatchObject({ code: 'ServiceUnavailable' })
    expect(performance.now() - begun).toBeLessThan(8_000)
  })

  it('does not repeat what the server refuses for good', async () => {
    const begun = performance.now()
    const connection = { ...postgres.connection, password: 'wrong' }
    await expect(openDatabase({ connection })).rejects.toMatchObject({ code: '28P01' })
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})
