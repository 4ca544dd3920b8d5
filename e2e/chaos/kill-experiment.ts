import { setTimeout as delay } from 'node:timers/promises'
import { type LoadReport, runUnderLoad } from '#e2e/chaos/under-load.ts'
import type { Role } from '#e2e/product.ts'
import type { S3Service } from '#e2e/s3-client.ts'

export interface KillExperiment {
  target: KillTarget
  kills: number
  keyCount: number
  /** Milliseconds between two kills, chosen at random between the two. */
  pauseMs: [least: number, most: number]
  report(line: string): void
}

/** What is put under load: an S3 service of which single processes can be killed. */
export interface KillTarget extends S3Service {
  /** kill -9 of one process of the role; null when none lives at the moment. */
  kill(role: Role): number | null
}

export type KillCounts = Partial<Record<Role, number>>

/** Gateways carry most of the traffic, so they die most. */
const VICTIMS: Role[] = ['gateway', 'gateway', 'gateway', 'postgres', 'postgres', 'jobs']

/** Mixed load, `kills` processes killed under it, and the check of everything that clients were told. */
export function runKillExperiment(input: KillExperiment): Promise<LoadReport<KillCounts>> {
  const { target, keyCount, report } = input
  return runUnderLoad({ service: target, keyCount, report }, () => killAtRandom(input))
}

async function killAtRandom({ target, kills, pauseMs, report }: KillExperiment): Promise<KillCounts> {
  const killed: KillCounts = {}
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
