import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createLog } from '#storage-engine/log.ts'
import { connectionUrl, startPostgres } from '#storage-engine/postgres.ts'

/**
 * One real Postgres for the whole run, under the temporary directory; tests find it at SCEAU_TEST_DATABASE_URL and make
 * their own databases in it.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-test-'))
  const removeDirectory = (): void => fs.rmSync(directory, { recursive: true, force: true })
  const log = createLog({ level: 'error', role: 'test' })
  // Beneath, since what is there already is not handed to the account that Postgres runs under where we are root.
  const postgres = await startPostgres({ directory: path.join(directory, 'postgres'), log }).catch((error) => {
    removeDirectory()
    throw error
  })
  process.env['SCEAU_TEST_DATABASE_URL'] = connectionUrl(postgres.connection)
  return async () => {
    await postgres.stop()
    removeDirectory()
  }
}
