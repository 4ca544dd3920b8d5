import { afterAll } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#storage-engine/metadata/test-database.ts'

/** A database for the tests of one file, dropped behind the last of them. Called at the top of the file. */
export async function openTestDatabase(): Promise<Omit<TestDatabase, 'drop'>> {
  const database = await createTestDatabase()
  afterAll(() => database.drop())
  return database
}
