import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { toStorageError } from '#storage-engine/metadata/postgres-errors.ts'

/** Any number that nobody else uses: 'sceau' in ASCII. */
const MIGRATION_LOCK = 0x7363656175

/**
 * Brings the database to the newest schema; several processes may call it at once, and one works while the others wait.
 * `folder` is drizzle/migrations of the source tree or of the bundle.
 */
export async function migrateDatabase({
  connection,
  folder,
}: {
  connection: pg.ClientConfig
  folder: string
}): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: 'sceau-migrate' })
  try {
    await client.connect()
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await migrate(drizzle(client), { migrationsFolder: folder })
  } catch (error) {
    throw toStorageError(error)
  } finally {
    // The lock ends with the session.
    await client.end()
  }
}
