import { Counter, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { collectMetrics, findReadiness } from '#storage-engine/supervisor/overview.ts'
import type { PartReport, Role } from '#storage-engine/supervisor/part-messages.ts'

const part = (role: Role, report: PartReport | null) => ({ role, ask: async () => report })
const ready: PartReport = { isReady: true, hasRootKey: true, metrics: [] }

async function requestsOf(role: Role, count: number): Promise<PartReport> {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  new Counter({ name: 'requests_total', help: 'Requests', registers: [registry] }).inc(count)
  return { isReady: true, hasRootKey: true, metrics: (await registry.getMetricsAsJSON()) as PartReport['metrics'] }
}

it('is ready when every process and the database are', async () => {
  const parts = [part('gateway', ready), part('gateway', ready), part('jobs', ready)]
  expect(await findReadiness({ parts, isPostgresUp: () => true })).toEqual({
    isReady: true,
    parts: { postgres: 'up', gateway: 'up', jobs: 'up', rootKey: 'up' },
  })
})

it.each([
  ['does not answer', null],
  ['has lost its database', { isReady: false, hasRootKey: true, metrics: [] }],
])('is not ready when one gateway of two %s', async (_, report) => {
  const orders = [
    [part('gateway', ready), part('gateway', report)],
    [part('gateway', report), part('gateway', ready)],
  ]
  for (const parts of orders) {
    expect(await findReadiness({ parts, isPostgresUp: null })).toEqual({
      isReady: false,
      parts: { gateway: 'down', rootKey: 'up' },
    })
  }
})

it('is not ready while Postgres is away', async () => {
  const readiness = await findReadiness({ parts: [part('jobs', ready)], isPostgresUp: () => false })
  expect(readiness).toEqual({ isReady: false, parts: { postgres: 'down', jobs: 'up', rootKey: 'up' } })
})

it('is ready without the root key, and says that it is not there', async () => {
  const parts = [part('gateway', ready), part('gateway', { ...ready, hasRootKey: false })]
  expect(await findReadiness({ parts, isPostgresUp: null })).toEqual({
    isReady: true,
    parts: { gateway: 'up', rootKey: 'down' },
  })
})

it('adds up the metrics of a role and counts the processes that answer', async () => {
  const parts = [
    part('gateway', await requestsOf('gateway', 2)),
    part('gateway', await requestsOf('gateway', 3)),
    part('jobs', await requestsOf('jobs', 10)),
    part('console', null),
  ]
  const lines = (await collectMetrics({ parts, isPostgresUp: () => true })).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'requests_total{role="gateway"} 5',
      'requests_total{role="jobs"} 10',
      'sceau_processes_up{role="gateway"} 2',
      'sceau_processes_up{role="console"} 0',
      'sceau_processes_up{role="postgres"} 1',
      'sceau_root_key_up{role="gateway"} 2',
      'sceau_root_key_up{role="console"} 0',
    ]),
  )
})
