import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Canary,
  createWindowSearch,
  type Hit,
  searchTree,
  type TreeSearch,
  WINDOW_BYTES,
} from '#e2e/canary/window-search.ts'
import { createCanaryWriter, type SentCanary } from '#e2e/canary/write-canaries.ts'
import { type Product, startProduct } from '#e2e/product.ts'

export interface CanaryExperiment {
  encryption: 'on' | 'off'
  /** How often every path is written. */
  rounds: number
  report(line: string): void
}

export interface CanaryReport extends TreeSearch {
  windows: number
  /** Names of canaries that the product keeps and that are in no file. */
  unseen: string[]
  /** Hits of what must be in no file whatever the switch says: the root key, and a client's secret. */
  secretHits: Hit[]
}

const SECRETS = 'secret: '

/**
 * Writes random bodies by every path, stops the product, and searches every file that it left – nodes, temporary files,
 * Postgres with its log, our own logs – for any 32 bytes of them.
 */
export async function runCanaryExperiment({ encryption, rounds, report }: CanaryExperiment): Promise<CanaryReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sceau-canary-'))
  try {
    const canaries: SentCanary[] = []
    const secrets: Canary[] = []
    const product = await startProduct({ dataDir, env: { SCEAU_NAMESPACE_ENCRYPTION: encryption } })
    try {
      secrets.push(...(await secretsOf(product)))
      const writer = await createCanaryWriter(product, canaries)
      for (let round = 0; round < rounds; round++) await writer.writeByEveryPath(round)
      writer.close()
    } finally {
      await product.stop({ keepData: true })
    }
    report(`${canaries.length} canaries written with D@RE ${encryption}; searching ${dataDir}`)
    const search = createWindowSearch([...canaries, ...secrets])
    const log = await search.searchFile(product.logFile, 'log')
    const tree = await searchTree(search, dataDir)
    await rm(product.logFile, { force: true })
    const all = [...tree.hits, ...log.hits]
    const hits = all.filter(({ canary }) => !canary.startsWith(SECRETS))
    const seen = new Set(hits.map(({ canary }) => canary))
    const kept = canaries.filter(({ isKept, body }) => isKept && body.length >= WINDOW_BYTES)
    return {
      ...tree,
      hits,
      windows: search.windowCount,
      unseen: kept.map(({ name }) => name).filter((name) => !seen.has(name)),
      secretHits: all.filter(({ canary }) => canary.startsWith(SECRETS)),
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** As bytes: the keyring file holds the root key as text, which is what it is for. */
async function secretsOf({ dataDir, credentials }: Product): Promise<Canary[]> {
  const ring = JSON.parse(await readFile(join(dataDir, 'root-keys.json'), 'utf8')) as { keys: { key: string }[] }
  return [
    ...ring.keys.map(({ key }) => ({ name: `${SECRETS}root key`, body: Buffer.from(key, 'base64') })),
    { name: `${SECRETS}secret access key`, body: Buffer.from(credentials.secretAccessKey) },
  ]
}
