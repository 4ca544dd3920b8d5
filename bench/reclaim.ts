import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { BenchTarget } from '#bench/run-cell.ts'
import type { Product } from '#e2e/product.ts'
import { connectDatabase } from '#e2e/product-database.ts'
import { createS3Client, type S3Answer, type S3Client } from '#e2e/s3-client.ts'

/** Under these the jobs collect when they start, whatever is deleted by then, and not while a cell runs. */
export const RECLAIM_ENV = { SCEAU_JOB_INTERVAL_SECONDS: '86400', SCEAU_GARBAGE_GRACE_SECONDS: '0' }

/** What cells may write before it is deleted: all of a run together would fill most drives. */
const WRITTEN_BYTES_MAX = 16 * 2 ** 30
const COLLECT_TIMEOUT_MS = 120_000
const POLL_MS = 250
/** ext4 looks longer for a free inode among those that were given up in the last five seconds. */
const SETTLE_MS = 6_000

export interface Reclaimer {
  /** Deletes and collects what large cells have written, once it is too much. To be called between cells. */
  reclaim(): Promise<void>
}

/** `targets`: of the product; `sizes`: of objects whose writes weigh enough to be deleted. */
export async function createReclaimer(
  product: Product,
  { targets, sizes }: { targets: BenchTarget[]; sizes: number[] },
): Promise<Reclaimer> {
  const prefixes = sizes.flatMap((size) => [`write-${size}-`, `delete-${size}-`])
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(product.dataDir)
    return bavail * bsize
  }
  let freeBefore = await freeBytes()
  return {
    async reclaim() {
      if (freeBefore - (await freeBytes()) < WRITTEN_BYTES_MAX) return
      for (const target of targets) await empty(target, prefixes)
      await collect(product)
      await promisify(execFile)('sync')
      await delay(SETTLE_MS)
      freeBefore = await freeBytes()
    },
  }
}

async function empty({ service, bucket }: BenchTarget, prefixes: string[]): Promise<void> {
  const client = createS3Client({ ...service, timeoutMs: 120_000 })
  for (const prefix of prefixes) while (await deletePage(client, { bucket, prefix }));
  client.close()
}

/** Resolves to whether there was anything. */
async function deletePage(client: S3Client, { bucket, prefix }: { bucket: string; prefix: string }): Promise<boolean> {
  const listed = await client.call({ method: 'GET', bucket, query: { 'list-type': '2', prefix } })
  const keys = [
    ...expectOk(listed)
      .body.toString()
      .matchAll(/<Key>([^<]+)<\/Key>/g),
  ]
  if (keys.length === 0) return false
  const body = Buffer.from(`<Delete>${keys.map(([key]) => `<Object>${key}</Object>`).join('')}</Delete>`)
  expectOk(await client.call({ method: 'POST', bucket, query: { delete: '' }, body }))
  return true
}

/** Has the jobs start anew, and waits for their first collection. */
async function collect(product: Product): Promise<void> {
  const database = await connectDatabase(product)
  const lastEnd = async () => {
    const { rows } = await database.query(`select finished_at::text as at from jobs where name = 'collect-garbage'`)
    return rows[0]?.at
  }
  const before = await lastEnd()
  product.kill('jobs')
  const deadline = performance.now() + COLLECT_TIMEOUT_MS
  while ((await lastEnd()) === before) {
    if (performance.now() > deadline) throw new Error('The garbage was not collected in time')
    await delay(POLL_MS)
  }
  await database.end()
}

function expectOk(answer: S3Answer): S3Answer {
  if (answer.outcome === 'ok') return answer
  throw new Error(`The bucket cannot be emptied: S3 answered ${answer.status} ${answer.code}`)
}
