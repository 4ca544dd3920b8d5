import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Readiness } from '#storage-engine/private-listener.ts'
import { startPrivateListener } from '#storage-engine/private-listener.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(readiness: Readiness) {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  closers.push(
    await startPrivateListener({
      port,
      findReadiness: async () => readiness,
      collectMetrics: async () => 'sceau_processes_up 4\n',
    }),
  )
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
}

it('lives while the process does', async () => {
  const get = await listen({ isReady: false, parts: { gateway: 'down' } })
  expect((await get('/healthz')).status).toBe(200)
})

it('is ready only when every part is', async () => {
  const up = await listen({ isReady: true, parts: { gateway: 'up' } })
  expect((await up('/readyz')).status).toBe(200)
  const down = await listen({ isReady: false, parts: { gateway: 'up', postgres: 'down' } })
  const answer = await down('/readyz')
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { isReady: false, parts: { gateway: 'up', postgres: 'down' } },
  ])
})

it('gives metrics as Prometheus reads them', async () => {
  const get = await listen({ isReady: true, parts: {} })
  const answer = await get('/metrics')
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  expect(await answer.text()).toBe('sceau_processes_up 4\n')
})

it('answers nothing else', async () => {
  const get = await listen({ isReady: true, parts: {} })
  expect((await get('/')).status).toBe(404)
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
})
