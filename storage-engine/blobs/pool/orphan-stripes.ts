import { join } from 'node:path'
import type { CollectHost } from '#storage-engine/blobs/blob-store.ts'
import { stripePath } from '#storage-engine/blobs/pool/blob-reader.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import { isUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'

const IDS_PER_QUESTION = 1_000
const TEMPORARY_SUFFIX = '.tmp'

export interface Removed {
  count: number
  bytes: number
}

/** Removes stripe files without a row and unfinished files, both only when last written before `host.orphansBefore`. */
export async function removeOrphanStripes(node: NodeContext, host: CollectHost): Promise<Removed> {
  const root = join(node.path, 'stripes')
  const removed = { count: 0, bytes: 0 }
  for await (const parent of node.files.listDirectory(root)) {
    if (!parent.isDirectory) continue
    const parentPath = join(root, parent.name)
    for await (const child of node.files.listDirectory(parentPath)) {
      if (host.signal.aborted) return removed
      if (!child.isDirectory) continue
      const found = await collectDirectory(node, host, join(parentPath, child.name))
      removed.count += found.count
      removed.bytes += found.bytes
      if (found.isEmpty) await removeEmptyDirectory(node, host, join(parentPath, child.name))
    }
    await removeEmptyDirectory(node, host, parentPath)
  }
  return removed
}

async function collectDirectory(
  node: NodeContext,
  host: CollectHost,
  path: string,
): Promise<Removed & { isEmpty: boolean }> {
  let isEmpty = true
  const removed = { count: 0, bytes: 0 }
  const removeOld = async (names: string[]) => {
    for (const name of names) {
      const bytes = await removeIfOld(node, host, join(path, name))
      if (bytes === null) isEmpty = false
      else {
        removed.count += 1
        removed.bytes += bytes
      }
    }
  }
  let blobIds: string[] = []
  const askAndRemove = async () => {
    const known = await host.findKnown(blobIds)
    if (known.size > 0) isEmpty = false
    await removeOld(blobIds.filter((blobId) => !known.has(blobId)))
    blobIds = []
  }
  for await (const { name, isDirectory } of node.files.listDirectory(path)) {
    if (isDirectory) isEmpty = false
    else if (name.endsWith(TEMPORARY_SUFFIX)) await removeOld([name])
    else if (isUuid(name) && stripePath(node.path, name) === join(path, name)) blobIds.push(name)
    else isEmpty = false
    if (blobIds.length === IDS_PER_QUESTION) await askAndRemove()
  }
  if (blobIds.length > 0) await askAndRemove()
  if (removed.count > 0) await node.directories.sync(path)
  return { ...removed, isEmpty }
}

/** Size of the removed file, or null when it is too young. */
async function removeIfOld(node: NodeContext, host: CollectHost, path: string): Promise<number | null> {
  try {
    const { changedAt, size } = await node.files.stat(path)
    if (changedAt >= host.orphansBefore.getTime()) return null
    await node.files.unlink(path)
    return size
  } catch (error) {
    // Its writer renamed or removed it meanwhile.
    if (isSystemError(error, 'ENOENT')) return null
    throw error
  }
}

/** A writer that finds its directory gone makes it again, so losing this race costs it one call. */
async function removeEmptyDirectory(node: NodeContext, host: CollectHost, path: string): Promise<void> {
  try {
    const { changedAt } = await node.files.stat(path)
    if (changedAt >= host.orphansBefore.getTime()) return
    await node.files.removeDirectory(path)
    node.directories.forget(path)
  } catch (error) {
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error
  }
}
