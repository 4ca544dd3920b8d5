import { join } from 'node:path'
import type { Product } from '#e2e/product.ts'
import { readConfig } from '#storage-engine/config.ts'
import { createEngine, type Engine } from '#storage-engine/engine.ts'
import { createLog } from '#storage-engine/log.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'

/** An engine beside a running product, on its data, as the product's commands have one. The caller closes it. */
export function openProductEngine({ dataDir }: Pick<Product, 'dataDir'>): Promise<Engine> {
  const env = { SCEAU_DATA_DIR: dataDir, DATABASE_URL: findDatabaseUrl(join(dataDir, 'postgres')) }
  const config = readConfig({ env, directory: dataDir })
  return createEngine(config, { log: createLog({ level: 'fatal', role: 'cli' }), role: 'cli' })
}
