import fs from 'node:fs'
import path from 'node:path'
import { StartupError } from '#storage-engine/errors.ts'

const LOCK_ATTEMPTS = 3

export interface DataDirectory {
  /** Lets another instance have it. */
  release: () => void
}

/**
 * Creates the data directory (0700) when it is missing, makes sure that it can be written, and takes it for this process.
 * Throws StartupError when it cannot be written or when another instance that is alive holds it; the lock of a dead
 * process (kill -9, power cut) is taken over.
 */
export function openDataDirectory(directory: string): DataDirectory {
  makeWritable(directory)
  const lock = path.join(directory, 'lock')
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    if (createLock(lock)) return { release: () => fs.rmSync(lock, { force: true }) }
    removeStaleLock(lock, directory)
  }
  throw alreadyRunning(directory, 'another process')
}

function makeWritable(directory: string): void {
  const probe = path.join(directory, `.probe-${process.pid}`)
  try {
    const topmost = fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (topmost !== undefined) syncNames(directory, topmost)
    fs.writeFileSync(probe, '')
    fs.rmSync(probe)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new StartupError(
      `The data directory ${directory} cannot be written (${code}): give this account the right to, or set SCEAU_DATA_DIR.`,
      { cause },
    )
  }
}

/** A power cut must not take a directory away, nor those above it that were made with it. */
function syncNames(directory: string, topmost: string): void {
  for (let made = directory; ; made = path.dirname(made)) {
    const above = fs.openSync(path.dirname(made), 'r')
    fs.fsyncSync(above)
    fs.closeSync(above)
    if (made === topmost) return
  }
}

/** Appears with its whole content, or not at all, since link() fails when the name exists. */
function createLock(lock: string): boolean {
  const own = `${lock}.${process.pid}`
  fs.writeFileSync(own, describeProcess(process.pid), { mode: 0o600 })
  try {
    fs.linkSync(own, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    fs.rmSync(own)
  }
}

function removeStaleLock(lock: string, directory: string): void {
  const found = readIfThere(lock)
  if (found === null) return
  const pid = Number(found.split('\n')[0])
  if (describeProcess(pid) === found) throw alreadyRunning(directory, `process ${pid}`)
  const aside = `${lock}.stale-${process.pid}`
  fs.renameSync(lock, aside)
  // Between our look and our move another process may have taken it over: then it is not stale, and goes back.
  const moved = fs.readFileSync(aside, 'utf8')
  if (moved !== found) fs.linkSync(aside, lock)
  fs.rmSync(aside)
}

function alreadyRunning(directory: string, holder: string): StartupError {
  return new StartupError(
    `Sceau already runs on ${directory} (${holder}): stop it first, or set SCEAU_DATA_DIR to another.`,
  )
}

/** Process ids come back after a restart: with the start time and the boot they name one process only. */
function describeProcess(pid: number): string {
  return [pid, startTimeOf(pid), readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''].join('\n')
}

function startTimeOf(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // Field 22; the name of the program, in brackets, may hold spaces.
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  return process.platform === 'linux' ? 'gone' : describeWithoutProc(pid)
}

function describeWithoutProc(pid: number): string {
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : 'gone'
  }
}

function readIfThere(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['ENOENT', 'ESRCH', 'ENOTDIR'].includes(code)) return null
    throw error
  }
}
