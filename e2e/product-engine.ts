import type { Product } from '#e2e/product.ts'
import { databaseUrlOf } from '#e2e/product-database.ts'
import { readConfig } from '#storage-engine/config.ts'
import { createEngine, type Engine } from '#storage-engine/engine.ts'
import { createLog } from '#storage-engine/log.ts'

/** An engine beside a running product, on its data, as the product's commands have one. The caller closes it. */
export function openProductEngine({ dataDir }: Pick<Product, 'dataDir'>): Promise<Engine> {
  const env = { SCEAU_DATA_DIR: dataDir, DATABASE_URL: databaseUrlOf({ dataDir }) }
  const config = readConfig({ env, directory: dataDir })
  return createEngine(config, { log: createLog({ level: 'fatal', role: 'cli' }), role: 'cli' })
}
