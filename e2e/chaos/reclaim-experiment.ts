import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Violation } from '#e2e/chaos/history.ts'
import type { Recorder } from '#e2e/chaos/recorder.ts'
import { allocatedBytes } from '#e2e/chaos/space.ts'
import type { S3Answer, S3Client } from '#e2e/s3-client.ts'

export interface ReclaimExperiment {
  /** What the nodes held before the load. */
  baselineBytes: number
  nodes: string
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

/** I10: once everything is deleted and collected, the nodes hold what they held before. No process may be writing. */
export async function checkReclaim({
  nodes,
  baselineBytes,
  timeoutMs,
  report,
}: ReclaimExperiment): Promise<Violation[]> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const bytes = await allocatedBytes(nodes)
    if (bytes <= baselineBytes * TOLERANCE) return []
    report(`${mebibytes(bytes)} MiB in use, ${mebibytes(baselineBytes)} MiB before the load`)
    if (performance.now() > deadline) {
      return [violation(`${bytes} bytes are in use after collection, ${baselineBytes} were before the load`)]
    }
    await delay(5_000)
  }
}

export function nodesOf(dataDir: string): string {
  return join(dataDir, 'nodes')
}

export interface DeleteEverything {
  client: S3Client
  bucket: string
  recorder: Recorder
}

/** Deletes all objects and aborts all uploads of a bucket. Rejects when one of the calls is not answered ok. */
export async function deleteEverything({ client, bucket, recorder }: DeleteEverything): Promise<void> {
  for (;;) {
    const answer = await client.call({ method: 'GET', bucket, query: { 'list-type': '2', 'encoding-type': 'url' } })
    const keys = namesIn(answer.body, 'Key').map(decodeKey)
    expectOk(answer)
    if (keys.length === 0) break
    await recorder.removeMany(keys)
  }
  for (;;) {
    const answer = await client.call({ method: 'GET', bucket, query: { uploads: '', 'encoding-type': 'url' } })
    const uploadIds = namesIn(answer.body, 'UploadId')
    const keys = namesIn(answer.body, 'Key').map(decodeKey)
    expectOk(answer)
    if (uploadIds.length === 0) return
    for (const [index, uploadId] of uploadIds.entries()) {
      expectOk(await client.call({ method: 'DELETE', bucket, key: keys[index] ?? '', query: { uploadId } }))
    }
  }
}

function expectOk({ outcome, status, code }: S3Answer): void {
  if (outcome !== 'ok') throw new Error(`The bucket cannot be emptied: S3 answered ${status} ${code}`)
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
