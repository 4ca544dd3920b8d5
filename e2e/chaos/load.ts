import { setTimeout as delay } from 'node:timers/promises'
import type { Recorder, UploadEnding } from '#e2e/chaos/recorder.ts'
import { makeValue } from '#e2e/chaos/values.ts'
import type { Outcome } from '#e2e/s3-client.ts'

const WORKERS = 16
const PAUSE_MS = 15
const RACERS = 4
const KIB = 1024
/** Around every border that the product has: cipher segments, small objects, aligned pages. */
const SIZES = [16, 100, 4 * KIB, 4 * KIB, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 256 * KIB, 256 * KIB + 1, 2048 * KIB]
const PART_BYTES = 5 * 1024 * KIB
const ENDINGS: UploadEnding[] = ['complete', 'complete twice', 'complete and abort', 'leave open']

export interface Load {
  /** Stops the workers and waits for their last calls. */
  stop(): Promise<void>
}

/** Keys with slashes, spaces, signs, and letters of two, three and four bytes. */
export function loadKeys(count: number): string[] {
  const folders = ['plain/', 'été/', 'a b+c/', '\u{20ac}/', '\u{1f512}/', '']
  return Array.from({ length: count }, (_, index) => `${folders[index % folders.length]}key-${index}`)
}

/** Mixed reads, writes, copies, deletes, listings, uploads and races by sixteen workers until stopped. */
export function startLoad(recorder: Recorder, keys: string[]): Load {
  let stopped = false
  let races = 0
  const pick = <Item>(items: Item[]) => items[Math.floor(Math.random() * items.length)] as Item
  const actions: [weight: number, run: () => Promise<unknown>][] = [
    [42, () => recorder.put(pick(keys), makeValue(pick(SIZES)))],
    [28, () => recorder.get(pick(keys))],
    [12, () => recorder.remove(pick(keys))],
    [2, () => recorder.removeMany([pick(keys), `${pick(keys)}?`])],
    [5, () => recorder.copy(pick(keys), pick(keys))],
    [3, () => recorder.put(pick(keys), makeValue(pick(SIZES)), { onlyIfAbsent: true })],
    [2, () => race(recorder, `race/${races++}`)],
    [2, () => recorder.list()],
    [1, () => upload(recorder, pick(keys), pick(ENDINGS))],
  ]
  const tickets = actions.flatMap(([weight, run]) => Array.from({ length: weight }, () => run))

  async function work(): Promise<void> {
    while (!stopped) {
      await pick(tickets)()
      await delay(PAUSE_MS)
    }
  }

  const workers = Array.from({ length: WORKERS }, work)
  return {
    async stop() {
      stopped = true
      await Promise.all(workers)
    },
  }
}

/** I7: several creations of one fresh key at once. */
async function race(recorder: Recorder, key: string): Promise<void> {
  const start = performance.now()
  const outcomes: Outcome[] = await Promise.all(
    Array.from({ length: RACERS }, () => recorder.put(key, makeValue(4 * KIB), { onlyIfAbsent: true })),
  )
  recorder.events.push({ kind: 'create-race', key, outcomes, start, end: performance.now() })
}

async function upload(recorder: Recorder, key: string, ending: UploadEnding): Promise<void> {
  await recorder.multipart({ key, value: makeValue(2 * PART_BYTES), partCount: 2, ending })
}
