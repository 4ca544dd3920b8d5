import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import { StartupError } from '#storage-engine/errors.ts'

const FORMAT = 1

interface IdentityInput {
  path: string
  clusterId: string
  /** Whether a directory without an identity becomes a node. Only the first start of an installation, or "add a node". */
  initialize: boolean
}

/**
 * Reads (or, with `initialize`, creates) the node's `node.json` and resolves to its id, 16 hexadecimal digits. A directory
 * that is not ours is refused with a StartupError, so that nothing is ever written under a mount point whose drive is away.
 */
export async function openNodeIdentity(input: IdentityInput): Promise<string> {
  const file = join(input.path, 'node.json')
  let text = await readIdentity(file)
  if (text === null) {
    if (!input.initialize) {
      throw new StartupError(
        `Storage node ${input.path} has no node.json: mount its drive, or take the path out of SCEAU_NODES.`,
      )
    }
    await writeIdentity(input)
    text = await readIdentity(file)
  }
  return parseIdentity(text ?? '', input)
}

async function readIdentity(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null
    throw new StartupError(`Cannot read ${file}: check its permissions and the drive.`, { cause: error })
  }
}

function parseIdentity(text: string, { path, clusterId }: IdentityInput): string {
  let identity: { format?: unknown; cluster?: unknown; nodeId?: unknown } | null
  try {
    identity = JSON.parse(text)
  } catch (error) {
    throw new StartupError(`${path}/node.json is damaged: restore it from a backup of that node.`, { cause: error })
  }
  if (identity?.format !== FORMAT) {
    throw new StartupError(`Storage node ${path} has a format that this release does not know: start a newer release.`)
  }
  if (identity.cluster !== clusterId) {
    throw new StartupError(`Storage node ${path} belongs to another installation: take its path out of SCEAU_NODES.`)
  }
  if (typeof identity.nodeId !== 'string' || !/^[0-9a-f]{16}$/.test(identity.nodeId)) {
    throw new StartupError(`${path}/node.json is damaged: restore it from a backup of that node.`)
  }
  return identity.nodeId
}

/** Two processes may do this at once: `link` lets one win, and both read what is there afterwards. */
async function writeIdentity({ path, clusterId }: IdentityInput): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const nodeId = randomBytes(8).toString('hex')
    const temporary = join(path, `node.json.${nodeId}`)
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ format: FORMAT, cluster: clusterId, nodeId })}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    try {
      await link(temporary, join(path, 'node.json'))
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
    }
    await unlink(temporary)
    await syncDirectories([path, dirname(path)])
  } catch (error) {
    throw new StartupError(`Cannot set up the storage node ${path}: check its permissions.`, { cause: error })
  }
}

async function syncDirectories(paths: string[]): Promise<void> {
  for (const path of paths) {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }
}
