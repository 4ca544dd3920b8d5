import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createHistogram } from '#bench/latency-histogram.ts'
import {
  LeanConnection,
  type LeanConnectionOptions,
  type WireAnswer,
  type WireRequest,
} from '#bench/lean-connection.ts'
import type { LoadAnswer, LoadCommand, LoadResult, LoadSpec } from '#bench/load-spec.ts'
import { createRequestSource, type RequestSource } from '#bench/wire-requests.ts'

/** A process of its own that the bench forks: prepares on `prepare`, loads on `run`, answers with counts. */
const FILLER = randomBytes(256 * 1024)
const RECONNECTS_MAX = 1_000

interface Prepared {
  spec: LoadSpec
  next: RequestSource
  connections: LeanConnection[]
  options: LeanConnectionOptions
}

let prepared: Prepared | null = null

process.on('message', (command: LoadCommand) => {
  handle(command).catch((error: Error) => answer({ type: 'failed', reason: error.stack ?? error.message }))
})

async function handle(command: LoadCommand): Promise<void> {
  if (command.type === 'release') process.exit(0)
  if (command.type === 'prepare') {
    for (const connection of prepared?.connections ?? []) connection.close()
    prepared = await prepare(command.spec)
    answer({ type: 'prepared' })
    return
  }
  if (prepared === null) throw new Error('There is nothing prepared to run')
  const result = await run(prepared)
  for (const connection of prepared.connections) connection.close()
  prepared = null
  answer({ type: 'done', result })
}

async function prepare(spec: LoadSpec): Promise<Prepared> {
  const { hostname, port } = new URL(spec.service.endpoint)
  const options = { host: hostname, port: Number(port), ca: readFileSync(spec.service.caFile, 'utf8'), filler: FILLER }
  const next = createRequestSource(spec, FILLER)
  const connections: LeanConnection[] = []
  if (spec.operation !== 'CONNECT') {
    while (connections.length < spec.connections) {
      const missing = Math.min(64, spec.connections - connections.length)
      connections.push(...(await Promise.all(Array.from({ length: missing }, () => LeanConnection.open(options)))))
    }
  }
  return { spec, next, connections, options }
}

async function run({ spec, next, connections, options }: Prepared): Promise<LoadResult> {
  const histogram = createHistogram()
  const result = { requests: 0, failures: 0, firstFailure: '', bodyBytes: 0 }
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const deadline = start + spec.seconds * 1000
  let reconnects = 0

  function count(request: WireRequest, { status, bodyBytes, text }: WireAnswer, startedAt: number): void {
    result.requests++
    if (status >= 200 && status < 300) {
      histogram.add((performance.now() - startedAt) * 1000)
      result.bodyBytes += bodyBytes + (spec.operation === 'PUT' || spec.operation === 'PART' ? spec.size : 0)
      const short = spec.operation === 'GET' && bodyBytes !== spec.size
      if (!short) return
    }
    fail(`${request.head.toString('latin1').split('\r\n')[0]} → ${text || `${status} with ${bodyBytes} bytes`}`)
  }

  function fail(reason: string): void {
    result.failures++
    if (result.firstFailure === '') result.firstFailure = reason.slice(0, 500)
  }

  async function lane(first: LeanConnection): Promise<void> {
    let connection = first
    while (performance.now() < deadline) {
      const request = next()
      if (request === null) return
      const startedAt = performance.now()
      try {
        count(request, await connection.exchange(request), startedAt)
      } catch (error) {
        fail(`the connection broke: ${(error as Error).message}`)
        if (++reconnects > RECONNECTS_MAX) throw error
        connection = await LeanConnection.open(options)
      }
    }
    connection.close()
  }

  async function connectLane(): Promise<void> {
    while (performance.now() < deadline) {
      const request = next()
      if (request === null) return
      const startedAt = performance.now()
      const connection = await LeanConnection.open(options)
      count(request, await connection.exchange(request), startedAt)
      connection.close()
    }
  }

  if (spec.operation === 'CONNECT') await Promise.all(Array.from({ length: spec.connections }, connectLane))
  else await Promise.all(connections.map(lane))
  const cpu = process.cpuUsage(cpuBefore)
  return {
    ...result,
    seconds: (performance.now() - start) / 1000,
    latencyCounts: histogram.counts,
    cpuMicros: cpu.user + cpu.system,
  }
}

function answer(message: LoadAnswer): void {
  process.send?.(message)
}
