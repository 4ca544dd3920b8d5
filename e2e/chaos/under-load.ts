import { setTimeout as delay } from 'node:timers/promises'
import { checkHistory } from '#e2e/chaos/check-history.ts'
import type { Violation } from '#e2e/chaos/history.ts'
import { loadKeys, startLoad } from '#e2e/chaos/load.ts'
import { createRecorder, type Recorder } from '#e2e/chaos/recorder.ts'
import { makeValue } from '#e2e/chaos/values.ts'
import { createS3Client, type S3Client, type S3Service } from '#e2e/s3-client.ts'

export interface LoadInput {
  service: S3Service
  keyCount: number
  report(line: string): void
}

export interface LoadReport<Result> {
  violations: Violation[]
  eventCount: number
  /** What the faults resolved to. */
  result: Result
  /** For whoever goes on with the same objects, and closes the client. */
  recorder: Recorder
  client: S3Client
  bucket: string
}

const BUCKET = 'chaos'
const SETTLE_TIMEOUT_MS = 60_000
const CALL_TIMEOUT_MS = 20_000

/**
 * Mixed load for as long as `faults` goes on, then time to settle, then a read of every key and one listing; the history of
 * all calls is then checked against durability.md §4. Rejects as `faults` does, and when nothing answers a minute later.
 */
export async function runUnderLoad<Result>(
  input: LoadInput,
  faults: () => Promise<Result>,
): Promise<LoadReport<Result>> {
  const client = createS3Client({ ...input.service, timeoutMs: CALL_TIMEOUT_MS })
  const recorder = createRecorder(client, BUCKET)
  await client.call({ method: 'PUT', bucket: BUCKET })

  const load = startLoad(recorder, loadKeys(input.keyCount))
  let result: Result
  try {
    await delay(1_000)
    result = await faults()
    await delay(1_000)
  } finally {
    await load.stop()
  }
  input.report(`${recorder.events.length} calls recorded; waiting until everything answers`)
  await settle(recorder)
  await readEverything(recorder)
  return {
    violations: checkHistory(recorder.events),
    eventCount: recorder.events.length,
    result,
    recorder,
    client,
    bucket: BUCKET,
  }
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
