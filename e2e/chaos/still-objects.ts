import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createRecorder } from '#e2e/chaos/recorder.ts'
import { makeValue, type Value } from '#e2e/chaos/values.ts'
import type { Product } from '#e2e/product.ts'
import type { S3Answer, S3Client } from '#e2e/s3-client.ts'

/** An object that stays as it is. */
export interface Still {
  key: string
  value: Value
  /** With which it is written; of SSE-C they come with each read, too. */
  headers: Record<string, string>
  readHeaders: Record<string, string>
}

export interface ReadReport<Result> {
  /** Null when the work ended early, since a read was wrong. */
  result: Result | null
  violations: string[]
  readCount: number
  /** Reads that took more than one attempt. */
  retriedCount: number
}

const KIB = 1024
const SIZES = [16, 4 * KIB, 64 * KIB, 256 * KIB + 1, 2048 * KIB]
const PART_BYTES = 5 * 1024 * KIB
const READERS = 2
const PAUSE_MS = 5
/** A connection that ends without an answer: the process was killed. An answer that is no success is never tried again. */
const LOST = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'IncompleteAnswer']
/** 0.1, 0.2, 0.4… s apart: as clients of AWS do it, and as long as a gateway may take to come back. */
const ATTEMPTS_MAX = 8
const FIRST_BACKOFF_MS = 100

/** Writes objects of every size and every kind of second key, and one of several parts. */
export async function writeStills(
  client: S3Client,
  { product, bucket }: { product: Product; bucket: string },
): Promise<Still[]> {
  await product.command(['named-keys', '--create', 'aws/s3'])
  const customerKey = randomBytes(32)
  const sse = 'x-amz-server-side-encryption'
  const customer = {
    [`${sse}-customer-algorithm`]: 'AES256',
    [`${sse}-customer-key`]: customerKey.toString('base64'),
    [`${sse}-customer-key-md5`]: createHash('md5').update(customerKey).digest('base64'),
  }
  const plain = SIZES.map((size) => ({ key: `size-${size}`, value: makeValue(size), headers: {}, readHeaders: {} }))
  const stills: Still[] = [
    ...plain,
    { key: 'kms', value: makeValue(70_000), headers: { [sse]: 'aws:kms' }, readHeaders: {} },
    { key: 'customer', value: makeValue(70_000), headers: customer, readHeaders: customer },
  ]
  for (const { key, value, headers } of stills) {
    const { status } = await client.call({ method: 'PUT', bucket, key, body: value.body, headers })
    if (status !== 200) throw new Error(`PUT ${key} answered ${status}`)
  }
  const value = makeValue(2 * PART_BYTES)
  await createRecorder(client, bucket).multipart({ key: 'parts', value, partCount: 2, ending: 'complete' })
  return [...stills, { key: 'parts', value, headers: {}, readHeaders: {} }]
}

/**
 * Reads them all, again and again, while `work` goes on. A violation is an answer without the right bytes, or none in all
 * attempts; the first one aborts the signal, and then it is no error how `work` ends.
 */
export async function readWhile<Result>(
  client: S3Client,
  { bucket, stills }: { bucket: string; stills: Still[] },
  work: (broken: AbortSignal) => Promise<Result>,
): Promise<ReadReport<Result>> {
  const report: ReadReport<Result> = { result: null, violations: [], readCount: 0, retriedCount: 0 }
  const broken = new AbortController()
  let isOver = false
  const readers = Array.from({ length: READERS }, async () => {
    for (let index = 0; !isOver && !broken.signal.aborted; index++) {
      const still = stills[index % stills.length] as Still
      const { answer, attempts } = await readPatiently(client, { bucket, still })
      report.readCount++
      if (attempts > 1) report.retriedCount++
      const problem = findProblem(answer, still)
      if (problem !== null) {
        report.violations.push(`a read was interrupted: GET ${still.key} ${problem}, attempt ${attempts}`)
        broken.abort()
      }
      await delay(PAUSE_MS)
    }
  })
  try {
    report.result = await work(broken.signal)
  } catch (error) {
    if (!broken.signal.aborted) throw error
  } finally {
    isOver = true
    await Promise.all(readers)
  }
  return report
}

export function readStill(client: S3Client, { bucket, still }: { bucket: string; still: Still }): Promise<S3Answer> {
  return client.call({ method: 'GET', bucket, key: still.key, headers: still.readHeaders })
}

async function readPatiently(
  client: S3Client,
  read: { bucket: string; still: Still },
): Promise<{ answer: S3Answer; attempts: number }> {
  for (let attempts = 1; ; attempts++) {
    const answer = await readStill(client, read)
    if (!LOST.includes(answer.code) || attempts === ATTEMPTS_MAX) return { answer, attempts }
    await delay(FIRST_BACKOFF_MS * 2 ** (attempts - 1))
  }
}

function findProblem({ status, code, body }: S3Answer, { value }: Still): string | null {
  if (status !== 200) return `answered ${status} ${code}`
  return body.equals(value.body) ? null : 'answered other bytes'
}
