import { join } from 'node:path'
import { Client } from 'pg'
import type { Product } from '#e2e/product.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'

export function databaseUrlOf({ dataDir }: Pick<Product, 'dataDir'>): string {
  return findDatabaseUrl(join(dataDir, 'postgres'))
}

/** A connection to the database of a running product. The caller ends it. */
export async function connectDatabase(product: Pick<Product, 'dataDir'>): Promise<Client> {
  const database = new Client({ connectionString: databaseUrlOf(product) })
  // The product may end first when an experiment fails; its own error is the one to tell.
  database.on('error', () => {})
  await database.connect()
  return database
}
