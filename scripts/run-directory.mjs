// A temporary directory of each run's own, so that nothing of it stays behind, however it ends.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runChild, say } from './setup.mjs'

const NAME = /^sceau-run-([0-9a-f]{8})-(\d+)-\w{6}$/
/** In a directory that somebody is to look at: it stays until it is removed by hand. */
const KEPT = 'kept'
/** A service that has lost its parent still finishes its requests. */
const IN_USE_TIMEOUT_MS = 60_000
const EVIDENCE_CODE = 2

/**
 * Runs a program of ours to its end, with a run directory as its TMPDIR, and ends as it ends. Of a failed run the logs at the
 * top of that directory stay; all of it stays when the program ends with 2, by which it says that it found something.
 */
export async function runInRunDirectory(node, args) {
  const directory = openRunDirectory()
  const { code, signal } = await runChild(node, args, { env: { TMPDIR: directory } })
  if (signal !== null || code === 0) await closeRunDirectory(directory)
  else await keepEvidence(directory, { isWhole: code === EVIDENCE_CODE })
  process.exit(code)
}

/** Makes a run directory, after those of runs that were killed are removed. */
export function openRunDirectory(parent = os.tmpdir()) {
  removeLeavings(parent)
  // The process is part of the name, so that there is no moment at which a directory belongs to nobody.
  const directory = fs.mkdtempSync(path.join(parent, `sceau-run-${placeOfProcess()}-${process.pid}-`))
  // As the system's own: what runs under other accounts for us, Postgres for one, needs it too.
  fs.chmodSync(directory, 0o1777)
  return directory
}

/** Removes it once the last process has let go of it; what is in use for longer is left to a later run. */
export async function closeRunDirectory(directory) {
  if (await untilUnused(directory)) fs.rmSync(directory, { recursive: true, force: true })
  else say(`Processes of this run still use ${directory}: a later run will remove it.`)
}

async function keepEvidence(directory, { isWhole }) {
  await untilUnused(directory)
  const logs = fs.readdirSync(directory).filter((name) => name.endsWith('.log'))
  if (!isWhole && logs.length === 0) return closeRunDirectory(directory)
  fs.writeFileSync(path.join(directory, KEPT), '')
  if (isWhole) return say(`Kept until you remove it: ${directory}`)
  for (const name of fs.readdirSync(directory)) {
    if (name !== KEPT && !logs.includes(name)) fs.rmSync(path.join(directory, name), { recursive: true, force: true })
  }
  say(`The logs are kept until you remove them: ${logs.map((name) => path.join(directory, name)).join(', ')}`)
}

function removeLeavings(parent) {
  for (const name of fs.readdirSync(parent)) {
    const [, place, pid] = NAME.exec(name) ?? []
    const directory = path.join(parent, name)
    // Of another host or container nobody here can tell whether it is alive.
    if (place !== placeOfProcess() || isAlive(Number(pid)) || fs.existsSync(path.join(directory, KEPT))) continue
    const isOurs = fs.lstatSync(directory, { throwIfNoEntry: false })?.uid === process.getuid?.()
    if (isOurs && !isInUse(directory)) fs.rmSync(directory, { recursive: true, force: true })
  }
}

/** Where process ids mean the same. */
function placeOfProcess() {
  const ids = fs.existsSync('/proc/self/ns/pid') ? fs.readlinkSync('/proc/self/ns/pid') : ''
  return createHash('sha256').update(`${os.hostname()} ${ids}`).digest('hex').slice(0, 8)
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function untilUnused(directory) {
  for (const end = Date.now() + IN_USE_TIMEOUT_MS; isInUse(directory); await sleep(100)) {
    if (Date.now() > end) return false
  }
  return true
}

/** Whether a process was started with it as its TMPDIR: children outlive a parent that is killed. Known on Linux only. */
function isInUse(directory) {
  if (process.platform !== 'linux') return false
  const setting = `TMPDIR=${directory}`
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.some((pid) => environmentOf(pid).split('\0').includes(setting))
}

/** Empty for a process that has just ended, and for those of others, which are none of a run's. */
function environmentOf(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) return ''
    throw error
  }
}
