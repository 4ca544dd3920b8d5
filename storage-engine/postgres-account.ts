import type { SpawnOptions } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The uid and gid that Debian and most others call nobody and nogroup. */
const NOBODY = 65534
const NOBODY_STATE_DIR = '/var/lib/sceau'

/** Under which identity Postgres runs, since it refuses root. */
export interface PostgresAccount {
  mode: 'direct' | 'user-namespace' | 'nobody'
  /** Folder with bin/, lib/ and share/ that this identity can read. */
  native: string
  /** Starts a program of `native`/bin; it gets SIGINT when this process dies. */
  run: (program: string, args: string[], options: SpawnOptions) => ReturnType<typeof spawn>
  /** The owner of what Postgres writes, where that is not the account of this process. */
  uid?: number
  /** Makes a private directory (0700) that this identity can write. */
  makeDirectory: (directory: string) => void
  /** Hands an existing file to this identity. */
  own: (file: string) => void
}

/**
 * Chooses how to run the binaries of `native`: as ourselves; as root, and as an account that has no name (a container with
 * a user id of its own), inside a user namespace, where our files look like those of an ordinary user; or, as root where
 * namespaces are forbidden (many containers), as nobody.
 */
export function choosePostgresAccount(native: string): PostgresAccount {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && hasName()) return buildAccount({ mode: 'direct', native, prefix: [], identity: {} })
  const userNamespace = enterUserNamespace()
  if (canRun([...userNamespace, path.join(native, 'bin', 'postgres'), '-V'])) {
    return buildAccount({ mode: 'user-namespace', native, prefix: userNamespace, identity: {} })
  }
  if (!isRoot) return buildAccount({ mode: 'direct', native, prefix: [], identity: {} })
  const identity = { uid: NOBODY, gid: NOBODY }
  return buildAccount({ mode: 'nobody', native: readableByNobody(native), prefix: [], identity })
}

/** Whether this user id is in the system's list of accounts: initdb insists. */
function hasName(): boolean {
  try {
    os.userInfo()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return false
    throw error
  }
}

/** Inside, we are an account that exists and is not root. */
function enterUserNamespace(): string[] {
  const ids = fs.existsSync('/etc/passwd') ? readUserIds() : []
  const uid = ids.includes(NOBODY) ? NOBODY : (ids.find((id) => id > 0) ?? NOBODY)
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${uid}`]
}

function readUserIds(): number[] {
  const lines = fs.readFileSync('/etc/passwd', 'utf8').split('\n')
  return lines.map((line) => Number(line.split(':')[2])).filter((id) => Number.isInteger(id))
}

/**
 * Where the files of Postgres live: `directory`, or when they must belong to nobody and nobody cannot get there
 *, a folder of /var/lib/sceau behind a symbolic link at `directory`.
 */
export function placePostgresDirectory(account: PostgresAccount, directory: string): string {
  if (account.mode !== 'nobody' || fs.existsSync(directory)) {
    if (!fs.existsSync(directory)) account.makeDirectory(directory)
    return fs.realpathSync(directory)
  }
  const parent = path.dirname(directory)
  // Others may pass through but not list; what lies beside keeps its own 0700 and 0600.
  fs.chmodSync(parent, 0o711)
  if (isReachableByNobody(parent)) {
    account.makeDirectory(directory)
    return directory
  }
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  const elsewhere = path.join(NOBODY_STATE_DIR, `postgres-${name}`)
  fs.mkdirSync(NOBODY_STATE_DIR, { recursive: true, mode: 0o711 })
  account.makeDirectory(elsewhere)
  fs.symlinkSync(elsewhere, directory)
  return elsewhere
}

interface AccountParts {
  mode: PostgresAccount['mode']
  native: string
  prefix: string[]
  identity: { uid?: number; gid?: number }
}

function buildAccount({ mode, native, prefix, identity }: AccountParts): PostgresAccount {
  const onParentDeath = ['setpriv', '--pdeathsig', 'INT']
  const before = [...prefix, ...(canRun([...onParentDeath, 'true']) ? onParentDeath : [])]
  const own = (file: string): void => {
    if (identity.uid !== undefined) fs.chownSync(file, NOBODY, NOBODY)
  }
  return {
    ...(identity.uid === undefined ? {} : { uid: identity.uid }),
    mode,
    native,
    own,
    run(program, args, options) {
      const [command = '', ...rest] = [...before, path.join(native, 'bin', program), ...args]
      return spawn(command, rest, { ...options, ...identity })
    },
    makeDirectory(directory) {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
      own(directory)
    },
  }
}

function canRun([command = '', ...args]: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function isReachableByNobody(directory: string): boolean {
  return spawnSync('test', ['-x', directory], { stdio: 'ignore', uid: NOBODY, gid: NOBODY }).status === 0
}

function readableByNobody(native: string): string {
  const trial = spawnSync(path.join(native, 'bin', 'postgres'), ['-V'], { stdio: 'ignore', uid: NOBODY, gid: NOBODY })
  if (trial.status === 0) return native
  const name = createHash('sha256')
    .update(native)
    .update(String(fs.statSync(native).mtimeMs))
    .digest('hex')
    .slice(0, 16)
  const copy = path.join(NOBODY_STATE_DIR, `postgres-binaries-${name}`)
  if (fs.existsSync(copy)) return copy
  fs.mkdirSync(NOBODY_STATE_DIR, { recursive: true, mode: 0o711 })
  const partial = `${copy}.${process.pid}`
  fs.cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  fs.renameSync(partial, copy)
  return copy
}
