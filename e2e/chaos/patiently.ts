import { setTimeout as delay } from 'node:timers/promises'
import type { S3Answer } from '#e2e/s3-client.ts'

const TIMEOUT_MS = 90_000
const PAUSE_MS = 200

/** Repeats a call that may be repeated until it is answered ok: processes are killed meanwhile. Rejects on a definite refusal. */
export async function patiently(call: () => Promise<S3Answer>): Promise<S3Answer> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const answer = await call()
    if (answer.outcome === 'ok') return answer
    if (answer.outcome === 'no' || performance.now() > deadline) {
      throw new Error(`S3 answered ${answer.status} ${answer.code}: ${answer.body.toString().slice(0, 500)}`)
    }
    await delay(PAUSE_MS)
  }
}
