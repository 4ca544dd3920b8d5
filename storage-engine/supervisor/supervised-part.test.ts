import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '#storage-engine/log.ts'
import { SupervisedPart } from '#storage-engine/supervisor/supervised-part.ts'

const log = createLog({ level: 'fatal', role: 'test' })
let directory: string
const parts: SupervisedPart[] = []

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-part-'))
})
afterEach(async () => {
  await Promise.all(parts.splice(0).map((part) => part.stop()))
  fs.rmSync(directory, { recursive: true })
})

const WELL_BEHAVED = `
  process.on('message', ({ type, id }) => {
    if (type === 'stop') { console.log('bye'); process.exit(0) }
    if (type === 'report') process.send({ type: 'report', id, report: { isReady: true, metrics: [] } })
  })
  process.send({ type: 'ready' })`

function supervise(source: string) {
  const program = path.join(directory, 'part.mjs')
  fs.writeFileSync(program, source)
  const started: number[] = []
  const lines: string[] = []
  const events = new EventEmitter()
  const part = new SupervisedPart({
    role: 'jobs',
    spawn: () => fork(program, { silent: true, execArgv: [] }),
    writeLine: (line) => lines.push(line),
    onStarted: ({ pid }) => {
      started.push(pid)
      events.emit('started')
    },
    log,
  })
  parts.push(part)
  return { part, started, lines, events }
}

describe('SupervisedPart', () => {
  it('starts a process, hears how it is, and lets it end by itself', async () => {
    const { part, lines } = supervise(WELL_BEHAVED)
    await part.start()
    expect(await part.ask()).toEqual({ isReady: true, metrics: [] })
    await part.stop()
    expect(lines).toEqual(['bye'])
    expect(await part.ask()).toBeNull()
  })

  it('replaces a process that was killed', async () => {
    const { part, started, events } = supervise(WELL_BEHAVED)
    await part.start()
    const restarted = once(events, 'started')
    process.kill(started[0] as number, 'SIGKILL')
    await restarted
    expect(started).toHaveLength(2)
    expect(part.pid).toBe(started[1])
  })

  it('tells why a process cannot start, in its own words', async () => {
    const { part } = supervise(
      `process.send({ type: 'failed', message: 'The root key is wrong.' }, () => process.exit(1))`,
    )
    await expect(part.start()).rejects.toThrow('The root key is wrong.')
  })

  it('does not start again what never became ready', async () => {
    const { part, started, lines } = supervise(`console.error('boom'); process.exitCode = 3`)
    await expect(part.start()).rejects.toThrow('The jobs process ended before it was ready')
    expect(started).toHaveLength(1)
    expect(lines).toEqual(['boom'])
  })

  it('can be stopped while it starts', async () => {
    const { part } = supervise(`setInterval(() => undefined, 1000)`)
    const start = part.start()
    await Promise.all([expect(start).rejects.toThrow('was stopped while it started'), part.stop()])
  })
})
