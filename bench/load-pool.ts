import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { addCounts } from '#bench/latency-histogram.ts'
import type { LoadAnswer, LoadCommand, LoadResult, LoadSpec } from '#bench/load-spec.ts'

/** Load processes that all work on one spec at a time. */
export interface LoadPool {
  /** Opens connections and signs; the load itself does not begin. */
  prepare(spec: Omit<LoadSpec, 'keyFirst' | 'keyStep'>): Promise<void>
  run(): Promise<LoadResult>
  pids: number[]
  close(): void
}

export function createLoadPool(processCount: number): LoadPool {
  const script = fileURLToPath(new URL('./load-worker.ts', import.meta.url))
  const children = Array.from({ length: processCount }, () =>
    fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  let busy: ChildProcess[] = []

  return {
    pids: children.map(({ pid }) => pid ?? 0),
    async prepare(spec) {
      busy = children.slice(0, Math.min(processCount, spec.connections))
      const shares = busy.map((child, index) => ({ child, share: shareOf(spec, index, busy.length) }))
      await Promise.all(shares.map(({ child, share }) => ask(child, { type: 'prepare', spec: share })))
    },
    async run() {
      const answers = await Promise.all(busy.map((child) => ask(child, { type: 'run' })))
      return answers.flatMap((answer) => (answer.type === 'done' ? [answer.result] : [])).reduce(addResults)
    },
    close() {
      for (const child of children) child.send({ type: 'release' } satisfies LoadCommand)
    },
  }
}

/** Writers get every so-manieth key; readers share them all. */
function shareOf(spec: Omit<LoadSpec, 'keyFirst' | 'keyStep'>, index: number, count: number): LoadSpec {
  const portion = (total: number) => Math.floor(total / count) + (index < total % count ? 1 : 0)
  return {
    ...spec,
    connections: portion(spec.connections),
    requestsMax: spec.requestsMax === null ? null : portion(spec.requestsMax),
    keyFirst: index,
    keyStep: count,
  }
}

function ask(child: ChildProcess, command: LoadCommand): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`A load process ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (answer: LoadAnswer) => {
      child.off('exit', ended)
      if (answer.type === 'failed') reject(new Error(`A load process failed: ${answer.reason}`))
      else resolve(answer)
    })
    child.send(command)
  })
}

function addResults(a: LoadResult, b: LoadResult): LoadResult {
  return {
    requests: a.requests + b.requests,
    failures: a.failures + b.failures,
    firstFailure: a.firstFailure || b.firstFailure,
    bodyBytes: a.bodyBytes + b.bodyBytes,
    seconds: Math.max(a.seconds, b.seconds),
    latencyCounts: addCounts(a.latencyCounts, b.latencyCounts),
    cpuMicros: a.cpuMicros + b.cpuMicros,
  }
}
