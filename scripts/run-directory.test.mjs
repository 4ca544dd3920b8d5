import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeRunDirectory, openRunDirectory } from './run-directory.mjs'

const MODULE = path.resolve('scripts/run-directory.mjs')
let parent
let children = []

beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'runs-'))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  fs.rmSync(parent, { recursive: true })
})

/** Node on `source`, which may call the module; `line` is the first that it prints. */
async function start(source, { tmpdir = parent } = {}) {
  const whole = `import { closeRunDirectory, openRunDirectory, runInRunDirectory } from '${MODULE}'\n${source}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', whole], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: tmpdir },
  })
  children.push(child)
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) return { child, line, exited }
  return { child, line: '', exited }
}

const HOLD = 'setInterval(() => {}, 1_000)'
const openAndHold = () => start(`console.log(openRunDirectory()); ${HOLD}`)

async function kill({ child, exited }) {
  child.kill('SIGKILL')
  await exited
}

describe('a new run', () => {
  it('removes what a killed run left', async () => {
    const run = await openAndHold()
    fs.mkdirSync(path.join(run.line, 'data'))
    await kill(run)
    expect(fs.existsSync(run.line)).toBe(true)
    const own = openRunDirectory(parent)
    expect(fs.readdirSync(parent)).toEqual([path.basename(own)])
  })

  it('leaves alone what a live run uses', async () => {
    const run = await openAndHold()
    openRunDirectory(parent)
    expect(fs.existsSync(run.line)).toBe(true)
  })

  it.runIf(process.platform === 'linux')(
    'leaves alone what a child of a killed run uses, until it is gone',
    async () => {
      const run = await openAndHold()
      const orphan = await start(`console.log('up'); ${HOLD}`, { tmpdir: run.line })
      await kill(run)
      openRunDirectory(parent)
      expect(fs.existsSync(run.line)).toBe(true)
      await kill(orphan)
      openRunDirectory(parent)
      expect(fs.existsSync(run.line)).toBe(false)
    },
  )

  it('leaves alone what belongs to another host, what is kept to be looked at, and what is no run’s', async () => {
    const run = await openAndHold()
    const [, place, pid] = /sceau-run-(\w+)-(\d+)-/.exec(run.line)
    await kill(run)
    const elsewhere = place.replace(/./g, (digit) => (digit === '0' ? '1' : '0'))
    const others = [`sceau-run-${elsewhere}-${pid}-abcdef`, `sceau-run-${place}-${pid}-kept00`, `sceau-${pid}`]
    for (const name of others) fs.mkdirSync(path.join(parent, name))
    fs.writeFileSync(path.join(parent, others[1], 'kept'), '')
    openRunDirectory(parent)
    expect(fs.readdirSync(parent)).toEqual(expect.arrayContaining(others))
    expect(fs.existsSync(run.line)).toBe(false)
  })
})

it.runIf(process.platform === 'linux')(
  'a run removes its directory only when the last process has let go of it',
  async () => {
    const directory = openRunDirectory(parent)
    const user = await start(`console.log('up'); ${HOLD}`, { tmpdir: directory })
    const closed = closeRunDirectory(directory)
    expect(await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 300, 'waits'))])).toBe('waits')
    expect(fs.existsSync(directory)).toBe(true)
    await kill(user)
    await closed
    expect(fs.existsSync(directory)).toBe(false)
  },
)

describe('a program in a run directory', () => {
  /** Runs `program`, which has `fs` and `dir`, its TMPDIR; what is left afterwards, by path. */
  async function leftBy(program, { signal } = {}) {
    const source = `import fs from 'node:fs'; const dir = process.env.TMPDIR; ${program}`
    const args = JSON.stringify(['--input-type=module', '--eval', source])
    const { child, exited } = await start(`await runInRunDirectory(process.execPath, ${args})`)
    if (signal !== undefined) child.kill(signal)
    const [code] = await exited
    const names = fs.readdirSync(parent, { recursive: true }).map((name) => name.replace(/sceau-run-[\w-]+/, 'run'))
    return { code, names: names.sort() }
  }
  const write = "console.log('up'); fs.mkdirSync(dir + '/data'); fs.writeFileSync(dir + '/data.log', 'said');"

  it('leaves nothing when it succeeds', async () => {
    expect(await leftBy(write)).toEqual({ code: 0, names: [] })
  })

  it('leaves its logs alone when it fails', async () => {
    expect(await leftBy(`${write} process.exit(1)`)).toEqual({ code: 1, names: ['run', 'run/data.log', 'run/kept'] })
    expect((await leftBy("console.log('up'); process.exit(1)")).names).toHaveLength(3)
  })

  it('leaves everything when it has found something', async () => {
    const names = ['run', 'run/data', 'run/data.log', 'run/kept']
    expect(await leftBy(`${write} process.exit(2)`)).toEqual({ code: 2, names })
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('leaves nothing when it is ended by %s', async (signal) => {
    expect((await leftBy(`${write} ${HOLD}`, { signal })).names).toEqual([])
  })
})
