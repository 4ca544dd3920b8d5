import type { Engine } from '#storage-engine/engine.ts'
import { setKeysUsed } from '#storage-engine/metadata/iam-access-keys.ts'

const INTERVAL_MS = 60_000
/** Beyond so many, keys wait for the next round: who uses a key goes on to use it. */
const KEYS_MAX = 10_000

/** When keys were used last, to the minute: noting it costs a request nothing but memory. */
export interface KeyUses {
  /** Of a request whose signature was verified. */
  note(accessKeyId: string, service: string): void
  /** Writes down what is left. */
  close(): Promise<void>
}

/** `now` is in milliseconds since the epoch. */
export function createKeyUses(
  { db, log }: Pick<Engine, 'db' | 'log'>,
  { now, intervalMs = INTERVAL_MS }: { now: () => number; intervalMs?: number },
): KeyUses {
  let services = new Map<string, string>()
  let writing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    writing = write()
  }, intervalMs)
  timer.unref()
  return {
    note(accessKeyId, service) {
      if (services.size < KEYS_MAX) services.set(accessKeyId, service)
    },
    async close() {
      clearInterval(timer)
      await writing
      await write()
    },
  }

  async function write(): Promise<void> {
    if (services.size === 0) return
    const uses = Array.from(services, ([accessKeyId, service]) => ({ accessKeyId, service }))
    services = new Map()
    try {
      await setKeysUsed(db, { uses, usedAt: new Date(now()) })
    } catch (err) {
      // No request waits for this, and the next use is noted again.
      log.warn({ err, count: uses.length }, 'when keys were used last could not be written down')
    }
  }
}
