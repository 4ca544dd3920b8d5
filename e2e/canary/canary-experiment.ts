import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Canary, createWindowSearch, searchTree, type TreeSearch } from '#e2e/canary/window-search.ts'
import { createCanaryWriter } from '#e2e/canary/write-canaries.ts'
import { startProduct } from '#e2e/product.ts'

export interface CanaryExperiment {
  encryption: 'on' | 'off'
  /** How often every path is written. */
  rounds: number
  report(line: string): void
}

export interface CanaryReport extends TreeSearch {
  windows: number
}

/**
 * Writes random bodies by every path, stops the product, and searches every file that it left – nodes, temporary files,
 * Postgres with its log, our own logs – for any 32 bytes of them.
 */
export async function runCanaryExperiment({ encryption, rounds, report }: CanaryExperiment): Promise<CanaryReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sceau-canary-'))
  try {
    const canaries: Canary[] = []
    const product = await startProduct({ dataDir, env: { SCEAU_NAMESPACE_ENCRYPTION: encryption } })
    try {
      const writer = await createCanaryWriter(product, canaries)
      for (let round = 0; round < rounds; round++) await writer.writeByEveryPath(round)
      writer.close()
    } finally {
      await product.stop({ keepData: true })
    }
    report(`${canaries.length} canaries written with D@RE ${encryption}; searching ${dataDir}`)
    const search = createWindowSearch(canaries)
    const log = await search.searchFile(product.logFile, 'log')
    const tree = await searchTree(search, dataDir)
    await rm(product.logFile, { force: true })
    return { ...tree, hits: [...tree.hits, ...log.hits], windows: search.windowCount }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
