import { randomBytes } from 'node:crypto'
import { constants, readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'

/**
 * Tells the collector whether the process that appends to a segment is still there, also after kill -9 and also when it
 * runs in another container over the same directory. A writer leaves `writers/<writer id>.json` and touches it.
 *
 * Same boot and same process namespace: the process table decides. Otherwise the file's age does; therefore a writer
 * acknowledges nothing once its own touch is older than half of that age (see `isHeld`).
 */
export interface WriterLease {
  readonly writerId: string
  /** False when the process slept so long that others may take it for dead: nothing may be acknowledged any more. */
  isHeld(): boolean
  touch(): Promise<void>
  release(): Promise<void>
}

export const TOUCH_EVERY_MS = 30_000
const STALE_AFTER_MS = 900_000
const HELD_FOR_MS = STALE_AFTER_MS / 2

interface ProcessIdentity {
  pid: number
  /** Start of the process in clock ticks since boot, against reuse of the number; empty where the system tells none. */
  startedAt: string
  bootId: string
  processNamespace: string
}

interface LeaseInput {
  files: FileSystem
  directory: string
  now: () => number
}

/** Creates the lease file in `directory`, durable not needed: a power cut ends the process too. */
export async function takeWriterLease({ files, directory, now }: LeaseInput): Promise<WriterLease> {
  const writerId = randomBytes(12).toString('hex')
  const path = join(directory, `${writerId}.json`)
  const fd = await files.open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY)
  try {
    await files.write(fd, Buffer.from(JSON.stringify({ format: 1, ...identifyProcess() })), 0)
  } finally {
    await files.close(fd)
  }
  let touchedAt = now()

  return {
    writerId,
    isHeld: () => now() - touchedAt < HELD_FOR_MS,
    async touch() {
      const startedAt = now()
      await files.touch(path)
      touchedAt = startedAt
    },
    async release() {
      try {
        await files.unlink(path)
      } catch (error) {
        if (!isSystemError(error, 'ENOENT')) throw error
      }
    },
  }
}

/** Whether the writer may still append. A writer without a lease file has ended. */
export async function isWriterAlive({ files, directory, now }: LeaseInput, writerId: string): Promise<boolean> {
  const path = join(directory, `${writerId}.json`)
  try {
    const { changedAt } = await files.stat(path)
    const owner = parseIdentity(await readFile(path, 'utf8'))
    const here = identifyProcess()
    const isLocal = owner?.bootId === here.bootId && owner.processNamespace === here.processNamespace
    if (isLocal && here.bootId !== '') return isProcessRunning(owner)
    return now() - changedAt < STALE_AFTER_MS
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    throw error
  }
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity> | null
    if (typeof value?.pid !== 'number' || typeof value.bootId !== 'string') return null
    const { pid, bootId, startedAt = '', processNamespace = '' } = value
    return { pid, bootId, startedAt, processNamespace }
  } catch {
    // Half a file: its writer died, or is about to write the rest. Its age decides.
    return null
  }
}

function isProcessRunning({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) return false
  }
  return startedAt === '' || startTicks(pid) === startedAt
}

function identifyProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startedAt: startTicks(process.pid),
    bootId: readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    processNamespace: readOrEmpty(() => readlinkSync('/proc/self/ns/pid')),
  }
}

/** Field 22 of proc(5) stat; the command's name in field 2 may hold blanks and parentheses. */
function startTicks(pid: number): string {
  const stat = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Systems without /proc, and processes that ended meanwhile. */
function readOrEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
