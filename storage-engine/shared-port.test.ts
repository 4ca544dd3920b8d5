import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const canShare = process.platform === 'linux' && (major > 23 || (major === 23 && minor >= 1))
const CONNECTIONS = 24

let directory: string
let primary: ChildProcess | null = null
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-shared-'))
})
afterEach(() => {
  primary?.kill()
  fs.rmSync(directory, { recursive: true })
})

/** Two cluster workers on one port, as the gateways are; tells the port and their process ids. */
async function startWorkers(): Promise<{ port: number; pids: number[] }> {
  const certificate = await ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1' })
  const module = (name: string) => JSON.stringify(path.resolve(`storage-engine/${name}.ts`))
  const program = path.join(directory, 'workers.mjs')
  fs.writeFileSync(
    program,
    `import cluster from 'node:cluster'
    import { once } from 'node:events'
    import https from 'node:https'
    import net from 'node:net'
    import { loadTlsOptions } from ${module('tls')}
    import { listenTls } from ${module('tls-listener')}
    if (cluster.isPrimary) {
      const probe = net.createServer().listen(0, '127.0.0.1')
      await once(probe, 'listening')
      const { port } = probe.address()
      await once(probe.close(), 'close')
      const workers = [cluster.fork({ PORT: port }), cluster.fork({ PORT: port })]
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      process.send({ port, pids: workers.map((worker) => worker.process.pid) })
    } else {
      const server = https.createServer(loadTlsOptions(${JSON.stringify(certificate)}))
      process.send(await listenTls({ server, port: Number(process.env.PORT), host: '127.0.0.1', isShared: true }))
    }`,
  )
  primary = fork(program, [], { execArgv: ['--import', import.meta.resolve('tsx')] })
  const [message] = await once(primary, 'message')
  return message as { port: number; pids: number[] }
}

function connect(port: number): Promise<'served' | 'failed'> {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      socket.destroy()
      resolve('served')
    })
    socket.on('error', () => resolve('failed'))
  })
}

it.runIf(canShare)('leaves no connection hanging when one of the processes on a port is killed', async () => {
  const { port, pids } = await startWorkers()
  const [stalled = 0] = pids
  // Stopped, it accepts nothing: what reaches it now is still waiting when it dies.
  process.kill(stalled, 'SIGSTOP')
  const connections = Array.from({ length: CONNECTIONS }, () => connect(port))
  await Promise.race(connections)
  process.kill(stalled, 'SIGKILL')
  const outcomes = await Promise.all(connections)
  expect(outcomes).toHaveLength(CONNECTIONS)
  expect(outcomes).toContain('served')
  expect(await connect(port)).toBe('served')
})
