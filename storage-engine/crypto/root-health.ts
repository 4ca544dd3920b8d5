import type { RootProvider } from '#storage-engine/crypto/root-provider.ts'

/** How long an answer counts: a remote service is asked at most so often, however many ask here. */
const FRESH_MS = 15_000
/** Whoever asks waits no longer than this for a provider that hangs. */
const WAIT_MS = 1_000

export interface RootHealth {
  health: 'ok' | 'unreachable'
  /** Why it is unreachable, for an administrator. */
  detail: string | null
}

/** Resolves within a second, and never rejects. */
export type FindRootHealth = () => Promise<RootHealth>

export function createRootHealth(provider: Pick<RootProvider, 'health'>, now: () => number = Date.now): FindRootHealth {
  let last: RootHealth = { health: 'unreachable', detail: 'The root provider has not answered so far.' }
  let freshUntil = Number.NEGATIVE_INFINITY
  let running: Promise<RootHealth> | null = null

  async function ask(): Promise<RootHealth> {
    try {
      await provider.health()
      last = { health: 'ok', detail: null }
    } catch (error) {
      last = { health: 'unreachable', detail: error instanceof Error ? error.message : String(error) }
    }
    freshUntil = now() + FRESH_MS
    running = null
    return last
  }

  return async () => {
    if (now() < freshUntil) return last
    running ??= ask()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<RootHealth>((resolve) => {
      timer = setTimeout(() => resolve(last), WAIT_MS)
    })
    const found = await Promise.race([running, patience])
    clearTimeout(timer)
    return found
  }
}
