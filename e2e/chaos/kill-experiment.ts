import { setTimeout as delay } from 'node:timers/promises'
import { checkHistory } from '#e2e/chaos/check-history.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { loadKeys, startLoad } from '#e2e/chaos/load.ts'
import { createRecorder, type Recorder } from '#e2e/chaos/recorder.ts'
import { makeValue } from '#e2e/chaos/values.ts'
import type { Role } from '#e2e/product.ts'
import { createS3Client, type S3Client, type S3Service } from '#e2e/s3-client.ts'

export interface KillExperiment {
  target: KillTarget
  kills: number
  keyCount: number
  /** Milliseconds between two kills, chosen at random between the two. */
  pauseMs: [least: number, most: number]
  /** The load goes on until this has ended, too. */
  until?: Promise<unknown>
  report(line: string): void
}

/** What is put under load: an S3 service of which single processes can be killed. */
export interface KillTarget extends S3Service {
  /** kill -9 of one process of the role; null when none lives at the moment. */
  kill(role: Role): number | null
}

export interface KillReport {
  violations: Violation[]
  eventCount: number
  killed: Partial<Record<Role, number>>
  /** For whoever goes on with the same objects, and closes the client. */
  recorder: Recorder
  client: S3Client
  bucket: string
}

const BUCKET = 'chaos'
const SETTLE_TIMEOUT_MS = 60_000
const CALL_TIMEOUT_MS = 20_000
/** Gateways carry most of the traffic, so they die most. */
const VICTIMS: Role[] = ['gateway', 'gateway', 'gateway', 'postgres', 'postgres', 'jobs']

/**
 * Mixed load, `kills` processes killed under it, then time to settle, then a read of every key and one listing; the
 * history of all calls is then checked against durability.md §4.
 */
export async function runKillExperiment(input: KillExperiment): Promise<KillReport> {
  const client = createS3Client({ ...input.target, timeoutMs: CALL_TIMEOUT_MS })
  const recorder = createRecorder(client, BUCKET)
  const keys = loadKeys(input.keyCount)
  await client.call({ method: 'PUT', bucket: BUCKET })

  const load = startLoad(recorder, keys)
  await delay(1_000)
  const [killed] = await Promise.all([killAtRandom(input), input.until])
  await delay(1_000)
  await load.stop()
  input.report(`${recorder.events.length} calls recorded; waiting until everything answers`)
  await settle(recorder)
  await readEverything(recorder)
  return {
    violations: checkHistory(recorder.events),
    eventCount: recorder.events.length,
    killed,
    recorder,
    client,
    bucket: BUCKET,
  }
}

async function killAtRandom({
  target,
  kills,
  pauseMs,
  report,
}: KillExperiment): Promise<Partial<Record<Role, number>>> {
  const killed: Partial<Record<Role, number>> = {}
  const [least, most] = pauseMs
  for (let count = 0; count < kills; ) {
    const role = VICTIMS[Math.floor(Math.random() * VICTIMS.length)] as Role
    const pid = target.kill(role)
    if (pid !== null) {
      count++
      killed[role] = (killed[role] ?? 0) + 1
      report(`kill ${count}/${kills}: ${role} ${pid}`)
    }
    await delay(least + Math.random() * (most - least))
  }
  return killed
}

/** Resolves once a write succeeds and, half a second later, its read and a listing do; rejects after a minute. */
async function settle(recorder: Recorder): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const written = await recorder.put('settle', makeValue(100))
    await delay(500)
    const answers = [await recorder.get('settle'), await recorder.list()]
    if (written === 'ok' && answers.every(({ outcome }) => outcome === 'ok')) return
    if (performance.now() > deadline)
      throw new Error('The service did not answer again within a minute of the last kill')
  }
}

async function readEverything(recorder: Recorder): Promise<void> {
  const keys = new Set(recorder.events.flatMap((event) => (event.kind === 'write' ? [event.key] : [])))
  for (const key of keys) {
    const start = performance.now()
    const { outcome, status, code } = await recorder.get(key)
    const detail = `${status} ${code}`
    recorder.events.push({ kind: 'settled', call: `GET ${key}`, outcome, detail, start, end: performance.now() })
  }
  const start = performance.now()
  const { outcome, status, code } = await recorder.list()
  const detail = `${status} ${code}`
  recorder.events.push({ kind: 'settled', call: 'LIST', outcome, detail, start, end: performance.now() })
}
