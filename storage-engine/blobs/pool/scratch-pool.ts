import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { PurgeableBlobStore } from '#storage-engine/blobs/blob-purge.ts'
import { type OpenPoolInput, openPool } from '#storage-engine/blobs/pool/open-pool.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'

export const CLUSTER_ID = '0190b4c7-0000-7000-8000-00000000c1a5'

export interface LoggedLine {
  level: keyof PoolLog
  message: string
}

export interface ScratchPool {
  /** Of the only node. */
  path: string
  log: PoolLog & { lines: LoggedLine[] }
  /** Opens the same node again, as another process would. Closed after the test. */
  open(options?: Partial<OpenPoolInput>): Promise<PurgeableBlobStore>
  /** Paths of segment files, oldest first by name only. */
  listSegments(): Promise<string[]>
  /** Paths of stripe files and of unfinished ones. */
  listStripes(): Promise<string[]>
}

/** A pool over a fresh directory of a real file system, removed after the test. For tests. */
export async function createScratchPool(): Promise<ScratchPool> {
  const root = await mkdtemp(join(tmpdir(), 'sceau-pool-'))
  const path = join(root, 'node')
  const log = createMemoryLog()
  const opened: PurgeableBlobStore[] = []
  cleanups.push(async () => {
    await Promise.allSettled(opened.map((pool) => pool.close()))
    await rm(root, { recursive: true, force: true })
  })

  return {
    path,
    log,
    async open(options = {}) {
      const pool = await openPool({
        nodes: [path],
        redundancy: 'single',
        clusterId: CLUSTER_ID,
        log,
        smallObjectBytes: 262_144,
        nodeFullPercent: 100,
        initialize: true,
        ballastBytes: 0,
        ...options,
      })
      opened.push(pool)
      return pool
    },
    listSegments: async () => {
      const names = await readdir(join(path, 'segments'))
      return names.sort().map((name) => join(path, 'segments', name))
    },
    listStripes: async () => {
      const entries = await readdir(join(path, 'stripes'), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    },
  }
}

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function createMemoryLog(): ScratchPool['log'] {
  const lines: LoggedLine[] = []
  const write = (level: keyof PoolLog) => (_: object, message: string) => {
    lines.push({ level, message })
  }
  return { lines, info: write('info'), warn: write('warn'), error: write('error') }
}
