import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { newId } from '#storage-engine/ids.ts'
import { type Bucket, findBucket, insertBucket } from '#storage-engine/metadata/buckets.ts'
import { closeDatabase, type Database, openDatabase } from '#storage-engine/metadata/database.ts'
import { deleteObject } from '#storage-engine/metadata/delete-objects.ts'
import { migrateDatabase } from '#storage-engine/metadata/migrate.ts'
import { insertNamespace } from '#storage-engine/metadata/namespaces.ts'
import type { CommitObject } from '#storage-engine/metadata/object-versions.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'

const MIGRATIONS = path.resolve('drizzle/migrations')
/** 'templ' in ASCII: test files start at once, and one of them makes the template. */
const TEMPLATE_LOCK = 0x74656d706c

export interface TestDatabase {
  db: Database
  connection: { connectionString: string }
  /** A base copy of everything that is committed, in a database of its own: a backup that was restored. Who is connected loses the connection. */
  copy(): Promise<Pick<TestDatabase, 'connection' | 'drop'>>
  /** Closes the connections and drops the database. */
  drop(): Promise<void>
}

/** A database of its own with the newest schema, copied from a template that the first test file of a run makes. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['SCEAU_TEST_DATABASE_URL']
  if (server === undefined) throw new Error('SCEAU_TEST_DATABASE_URL is not set: run the tests with vitest')
  const name = `test_${randomBytes(8).toString('hex')}`
  await onServer(server, async (client) => {
    const template = await prepareTemplate(client, server)
    await client.query(`create database ${name} template ${template}`)
  })
  const connection = { connectionString: urlOf(server, name) }
  const db = await openDatabase({ connection, poolConnections: 8 })
  const drop = async (): Promise<void> => {
    await closeDatabase(db)
    await onServer(server, (client) => client.query(`drop database ${name} with (force)`))
  }
  return { db, connection, drop, copy: () => copyDatabase(server, name) }
}

async function copyDatabase(server: string, name: string): Promise<Pick<TestDatabase, 'connection' | 'drop'>> {
  const copy = `test_${randomBytes(8).toString('hex')}`
  await onServer(server, async (client) => {
    // Postgres copies a database only while nobody is connected to it.
    await client.query(`alter database ${name} allow_connections false`)
    await client.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1', [name])
    await client.query(`create database ${copy} template ${name}`)
    await client.query(`alter database ${name} allow_connections true`)
  })
  return {
    connection: { connectionString: urlOf(server, copy) },
    drop: () => onServer(server, async (client) => void (await client.query(`drop database ${copy} with (force)`))),
  }
}

async function prepareTemplate(client: pg.Client, server: string): Promise<string> {
  const name = `template_${hashOfMigrations()}`
  await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const { rows } = await client.query('select datistemplate from pg_database where datname = $1', [name])
  if (rows[0]?.datistemplate) return name
  await client.query(`drop database if exists ${name} with (force)`)
  await client.query(`create database ${name}`)
  await migrateDatabase({ connection: { connectionString: urlOf(server, name) }, folder: MIGRATIONS })
  await client.query(`alter database ${name} is_template true`)
  return name
}

function hashOfMigrations(): string {
  const hash = createHash('sha256')
  for (const file of fs.readdirSync(MIGRATIONS).toSorted()) {
    if (file.endsWith('.sql')) hash.update(fs.readFileSync(path.join(MIGRATIONS, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

async function onServer<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

/** A namespace, its root object user, and a bucket. */
export async function createTestBucket(
  db: Database,
  { encryptionMode = 'off' }: { encryptionMode?: 'off' | 'on' } = {},
): Promise<Bucket> {
  const namespaceId = newId()
  const ownerId = newId()
  const label = randomBytes(6).toString('hex')
  await insertNamespace(db, {
    id: namespaceId,
    name: `ns-${label}`,
    displayName: `Namespace ${label}`,
    encryptionMode,
    firstKey: { version: 1, wrappedKey: randomBytes(60), tokenId: null },
    rootObjectUser: { id: ownerId, canonicalId: randomBytes(32).toString('hex'), displayName: 'root' },
  })
  return createBucketIn(db, { namespaceId, ownerId })
}

/** Another bucket of the same namespace and owner. */
export async function createBucketIn(
  db: Database,
  { namespaceId, ownerId }: { namespaceId: string; ownerId: string },
): Promise<Bucket> {
  const name = `bucket-${randomBytes(6).toString('hex')}`
  await insertBucket(db, { id: newId(), namespaceId, ownerId, name, region: 'us-east-1' })
  return (await findBucket(db, { name })) as Bucket
}

/** An object to commit, one blob of `size` bytes; sealed when the bucket's namespace says so. */
export function testObject(bucket: Bucket, key: string, changes: Partial<CommitObject> = {}): CommitObject {
  const size = changes.size ?? 10
  const isSealed = bucket.encryptionMode === 'on'
  const blobId = newId()
  return {
    bucket,
    key,
    versionId: newId(),
    ownerId: bucket.ownerId,
    size,
    etag: referenceMd5(blobId).toString('hex'),
    contentType: 'text/plain',
    systemHeaders: null,
    userMetadata: null,
    checksum: null,
    blob: {
      blobId,
      locator: `test:${blobId}`,
      size,
      storedSize: size + (isSealed ? 100 : 0),
      cipher: isSealed ? 1 : 0,
    },
    wrappedDataKey: isSealed ? randomBytes(40) : null,
    namespaceKeyVersion: isSealed ? 1 : null,
    lock: null,
    settings: null,
    precondition: null,
    ...changes,
  }
}

/** Deletes current versions; resolves to whether each key had something to delete. */
export async function deleteKeys(db: Database, bucket: Bucket, keys: string[]): Promise<boolean[]> {
  const { ownerId } = bucket
  const deleted = await Promise.all(keys.map((key) => deleteObject(db, { bucket, key, ownerId, condition: null })))
  return deleted.map(({ outcome }) => outcome === 'deleted')
}
