import { AggregatorRegistry, Gauge, Registry } from 'prom-client'
import type { Readiness } from '#storage-engine/private-listener.ts'
import type { SupervisedPart } from '#storage-engine/supervisor/supervised-part.ts'

export interface Overview {
  parts: Pick<SupervisedPart, 'role' | 'ask'>[]
  /** Null when somebody else runs the database. */
  isPostgresUp: (() => boolean) | null
}

/** Ready when every process of every role is; a role of which some process is down counts as down. */
export async function findReadiness({ parts, isPostgresUp }: Overview): Promise<Readiness> {
  const readiness: Readiness['parts'] = {}
  if (isPostgresUp !== null) readiness['postgres'] = isPostgresUp() ? 'up' : 'down'
  const answers = await Promise.all(parts.map(async (part) => ({ part, report: await part.ask() })))
  for (const { part, report } of answers) {
    const isUp = report?.isReady === true && readiness[part.role] !== 'down'
    readiness[part.role] = isUp ? 'up' : 'down'
  }
  return { isReady: !Object.values(readiness).includes('down'), parts: readiness }
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
  if (isPostgresUp !== null) up.set({ role: 'postgres' }, isPostgresUp() ? 1 : 0)
  const present = reports.flatMap(({ report }) => (report === null ? [] : [report.metrics]))
  return [await own.metrics(), await AggregatorRegistry.aggregate(present).metrics()].join('\n')
}
