import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Violation } from '#e2e/chaos/history.ts'
import type { Recorder } from '#e2e/chaos/recorder.ts'
import { allocatedBytes } from '#e2e/chaos/space.ts'
import type { S3Client } from '#e2e/s3-client.ts'

export interface ReclaimExperiment {
  dataDir: string
  client: S3Client
  bucket: string
  recorder: Recorder
  /** What the nodes held before the load. */
  baselineBytes: number
  timeoutMs: number
  report(line: string): void
}

/** Settings under which whatever nothing refers to is gone within a minute or two. */
export const SHORT_GRACES = {
  SCEAU_GARBAGE_GRACE_SECONDS: '5',
  SCEAU_ORPHAN_GRACE_SECONDS: '45',
  SCEAU_JOB_INTERVAL_SECONDS: '3',
}

const TOLERANCE = 1.01

/** I10: after everything is deleted and collected, the nodes hold what they held before. */
export async function checkReclaim(input: ReclaimExperiment): Promise<Violation[]> {
  const nodes = nodesOf(input.dataDir)
  const left = await deleteEverything(input)
  if (left > 0) return [violation(`${left} objects or uploads could not be deleted`)]
  const deadline = performance.now() + input.timeoutMs
  for (;;) {
    const bytes = await allocatedBytes(nodes)
    if (bytes <= input.baselineBytes * TOLERANCE) return []
    if (performance.now() > deadline) {
      return [violation(`${bytes} bytes are in use after collection, ${input.baselineBytes} were before the load`)]
    }
    input.report(`${mebibytes(bytes)} MiB in use, ${mebibytes(input.baselineBytes)} MiB at the start`)
    await delay(5_000)
  }
}

export function nodesOf(dataDir: string): string {
  return join(dataDir, 'nodes')
}

/** Deletes all objects and aborts all uploads; returns how many are left. */
async function deleteEverything({ client, bucket, recorder }: ReclaimExperiment): Promise<number> {
  for (;;) {
    const answer = await client.call({ method: 'GET', bucket, query: { 'list-type': '2', 'encoding-type': 'url' } })
    const keys = namesIn(answer.body, 'Key').map(decodeKey)
    if (answer.outcome !== 'ok') return -1
    if (keys.length === 0) break
    await recorder.removeMany(keys)
  }
  for (;;) {
    const answer = await client.call({ method: 'GET', bucket, query: { uploads: '', 'encoding-type': 'url' } })
    const uploadIds = namesIn(answer.body, 'UploadId')
    const keys = namesIn(answer.body, 'Key').map(decodeKey)
    if (answer.outcome !== 'ok') return -1
    if (uploadIds.length === 0) return 0
    for (const [index, uploadId] of uploadIds.entries()) {
      const { outcome } = await client.call({ method: 'DELETE', bucket, key: keys[index] ?? '', query: { uploadId } })
      if (outcome !== 'ok') return uploadIds.length
    }
  }
}

function namesIn(body: Buffer, name: string): string[] {
  return [...body.toString().matchAll(new RegExp(`<${name}>([^<]+)</${name}>`, 'g'))].map((match) => match[1] ?? '')
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}

function violation(reason: string): Violation {
  return { invariant: 'I10', key: '*', reason }
}

function mebibytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(1)
}
