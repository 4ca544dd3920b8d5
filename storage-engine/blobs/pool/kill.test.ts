import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { hostKnowing, readWhole } from '#storage-engine/blobs/blob-store.conformance.ts'
import type { BlobRef } from '#storage-engine/blobs/blob-store.ts'
import { CLUSTER_ID, createScratchPool } from '#storage-engine/blobs/pool/scratch-pool.ts'

interface Acknowledged extends BlobRef {
  size: number
  fill: number
}

const ACKNOWLEDGED_BEFORE_KILL = 400

describe('A process that is killed while it writes', () => {
  it('leaves every acknowledged blob whole, and its space to the collector', async () => {
    const scratch = await createScratchPool()
    await (await scratch.open()).close()
    const acknowledged = await writeUntilKilled(scratch.path)
    expect(acknowledged.length).toBeGreaterThanOrEqual(ACKNOWLEDGED_BEFORE_KILL)

    const pool = await scratch.open({ initialize: false })
    for (const blob of acknowledged) await expectWhole(pool, blob)
    const live = acknowledged.filter((_, index) => index % 10 === 0)
    const report = await pool.collect(hostKnowing(live))
    expect(report.segmentsCompacted).toBeGreaterThan(0)
    for (const blob of live) await expectWhole(pool, blob)
    expect((await scratch.listStripes()).length).toBe(live.filter(({ locator }) => locator.startsWith('f1.')).length)
    expect(scratch.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

async function expectWhole(pool: Parameters<typeof readWhole>[0], blob: Acknowledged): Promise<void> {
  const bytes = await readWhole(pool, blob, blob.size)
  expect(bytes.equals(Buffer.alloc(blob.size, blob.fill))).toBe(true)
}

/** A child that stores blobs of 100 bytes to 600 kB, 32 at once, and says so line by line; ended by SIGKILL. */
async function writeUntilKilled(path: string): Promise<Acknowledged[]> {
  const program = new URL('./kill-test-writer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', 'tsx', program, path, CLUSTER_ID], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: Acknowledged[] = []
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(JSON.parse(line) as Acknowledged)
    if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return acknowledged
}
