import { setTimeout as delay } from 'node:timers/promises'
import type { KillCounts } from '#e2e/chaos/kill-experiment.ts'
import type { Product, Role } from '#e2e/product.ts'
import { connectDatabase } from '#e2e/product-database.ts'

/** kill -9 of gateways and jobs by turns. */
export interface Killer {
  /** Of each role, so far. */
  killed: KillCounts
  /** Resolves to role and process id once a process of the role whose turn it is was there, and is gone. */
  kill(): Promise<string>
  close(): Promise<void>
}

const TURNS: Role[] = ['gateway', 'jobs']
const RESTART_MS_MAX = 30_000
const LOOK_AGAIN_MS = 20
/**
 * A process that died keeps the leases of its jobs for up to a minute. That time is taken as passed, so that they go on while
 * the experiment does; it is over before the supervisor starts another process.
 */
const END_LEASES = 'update jobs set lease_until = now() where lease_until > now()'

export async function createKiller(product: Product): Promise<Killer> {
  const database = await connectDatabase(product)
  const killed: KillCounts = {}
  let turn = 0
  return {
    killed,
    async kill() {
      const role = TURNS[turn++ % TURNS.length] as Role
      const pid = await killOne(product, role)
      if (role === 'jobs') await database.query(END_LEASES)
      killed[role] = (killed[role] ?? 0) + 1
      return `${role} ${pid}`
    },
    close: () => database.end(),
  }
}

async function killOne(product: Product, role: Role): Promise<number> {
  for (const deadline = performance.now() + RESTART_MS_MAX; performance.now() < deadline; await delay(LOOK_AGAIN_MS)) {
    const pid = product.kill(role)
    if (pid !== null) return pid
  }
  throw new Error(`No ${role} was started again within ${RESTART_MS_MAX / 1000} s`)
}
