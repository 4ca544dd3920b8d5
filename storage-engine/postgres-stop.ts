import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'

/** Fast shutdown, then immediate (recovers at the next start), then kill. */
const ESCALATION = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const
const POLL_MS = 20
/** Larger than any process id that Linux gives. */
const PID_OF_NOBODY = 2 ** 22 + 1

/** Ends the postmaster `pid` and resolves when it is gone. */
export async function stopPostgres(pid: number): Promise<void> {
  for (const [signal, waitMs] of ESCALATION) {
    if (isAlive(pid)) process.kill(pid, signal)
    for (const end = Date.now() + waitMs; Date.now() < end; await sleep(POLL_MS)) if (!isAlive(pid)) return
  }
  throw new StartupError(`The Postgres of process ${pid} does not stop: end it and start again.`)
}

/**
 * After kill -9 of this program its Postgres may still be shutting down, or have left a lock file whose process id
 * now belongs to something else. In the second case the file stays, since Postgres reads from it which shared memory to
 * check for live backends, and only names a process that cannot exist.
 */
export async function stopLeftOver(cluster: string, log: Logger): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid')
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : []
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return
  if (process.platform === 'linux' && !isServerOf(pid, cluster)) {
    const [, ...rest] = lines
    fs.writeFileSync(file, [PID_OF_NOBODY, ...rest].join('\n'))
    return
  }
  log.warn({ postmaster: pid }, 'stopping a Postgres left over from an earlier run')
  await stopPostgres(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isServerOf(pid: number, cluster: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster)
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
