import { AggregatorRegistry, Gauge, Registry } from 'prom-client'
import type { Readiness } from '#storage-engine/private-listener.ts'
import type { SupervisedPart } from '#storage-engine/supervisor/supervised-part.ts'

export interface Overview {
  parts: Pick<SupervisedPart, 'role' | 'ask'>[]
  /** Null when somebody else runs the database. */
  isPostgresUp: (() => boolean) | null
}

/**
 * Ready when every process of every role is; a role of which some process is down counts as down. Without the root key it
 * is ready all the same, and says so: only encrypted namespaces are out of reach.
 */
export async function findReadiness({ parts, isPostgresUp }: Overview): Promise<Readiness> {
  const readiness: Readiness['parts'] = {}
  if (isPostgresUp !== null) readiness['postgres'] = isPostgresUp() ? 'up' : 'down'
  const answers = await Promise.all(parts.map(async (part) => ({ part, report: await part.ask() })))
  for (const { part, report } of answers) {
    const isUp = report?.isReady === true && readiness[part.role] !== 'down'
    readiness[part.role] = isUp ? 'up' : 'down'
  }
  const isReady = !Object.values(readiness).includes('down')
  const reports = answers.flatMap(({ report }) => (report === null ? [] : [report]))
  if (reports.length > 0) readiness['rootKey'] = reports.every(({ hasRootKey }) => hasRootKey) ? 'up' : 'down'
  return { isReady, parts: readiness }
}

/** The metrics of all processes as Prometheus text, summed within a role (label `role`). */
export async function collectMetrics({ parts, isPostgresUp }: Overview): Promise<string> {
  const reports = await Promise.all(parts.map(async (part) => ({ part, report: await part.ask() })))
  const own = new Registry()
  const up = new Gauge({
    name: 'sceau_processes_up',
    help: 'Processes that answer, by role.',
    labelNames: ['role'],
    registers: [own],
  })
  for (const { part, report } of reports) up.inc({ role: part.role }, report === null ? 0 : 1)
  const rootKey = new Gauge({
    name: 'sceau_root_key_up',
    help: 'Processes that can use the root key, by role.',
    labelNames: ['role'],
    registers: [own],
  })
  for (const { part, report } of reports) rootKey.inc({ role: part.role }, report?.hasRootKey === true ? 1 : 0)
  if (isPostgresUp !== null) up.set({ role: 'postgres' }, isPostgresUp() ? 1 : 0)
  const present = reports.flatMap(({ report }) => (report === null ? [] : [report.metrics]))
  return [await own.metrics(), await AggregatorRegistry.aggregate(present).metrics()].join('\n')
}
