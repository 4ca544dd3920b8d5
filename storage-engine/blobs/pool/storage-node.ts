import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PurgeHost, PurgeReport } from '#storage-engine/blobs/blob-purge.ts'
import type {
  BlobRange,
  CollectHost,
  CollectReport,
  CreateBlobInput,
  NodeStatus,
} from '#storage-engine/blobs/blob-store.ts'
import { type AlignedMemory, allocateSlots } from '#storage-engine/blobs/pool/aligned-memory.ts'
import {
  createBlobReader,
  type FileFactsOfBlob,
  inspectBlobFile,
  type ReadInput,
  stripePath,
} from '#storage-engine/blobs/pool/blob-reader.ts'
import { compactSegments } from '#storage-engine/blobs/pool/compaction.ts'
import { createDirectorySync } from '#storage-engine/blobs/pool/directory-sync.ts'
import { eraseRecords, type RecordToErase } from '#storage-engine/blobs/pool/erase-records.ts'
import { createFileCache } from '#storage-engine/blobs/pool/file-cache.ts'
import { type FileSystem, isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { GatherBudget } from '#storage-engine/blobs/pool/gather-budget.ts'
import type { SegmentLocator } from '#storage-engine/blobs/pool/locator.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import { createNodeHealth } from '#storage-engine/blobs/pool/node-health.ts'
import { openNodeSpace } from '#storage-engine/blobs/pool/node-space.ts'
import { removeOrphanStripes } from '#storage-engine/blobs/pool/orphan-stripes.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'
import { purgeNode } from '#storage-engine/blobs/pool/purge-node.ts'
import { SegmentWriter, type SmallBlob } from '#storage-engine/blobs/pool/segment-writer.ts'
import { createStripeWriter, type StripeWriter } from '#storage-engine/blobs/pool/stripe-writer.ts'
import { isWriterAlive, TOUCH_EVERY_MS, takeWriterLease } from '#storage-engine/blobs/pool/writer-lease.ts'

const OPEN_FILES_MAX = 512
const REMOVALS_AT_ONCE = 8

/** One directory on one drive: its files, its health, its space. Knows nothing of other nodes. */
export interface StorageNode {
  readonly nodeId: string
  /** `full` and `offline` nodes are still read, and blobs are still removed from them. */
  writability(): 'online' | 'suspect' | 'full' | 'offline'
  /** Why the node is `full`, for logs. */
  describeRefusal(): string
  appendSmall(blob: SmallBlob): Promise<SegmentLocator>
  createStripe(input: CreateBlobInput): StripeWriter
  read(blob: ReadInput, range: BlobRange, scratch?: Buffer): Buffer | Promise<Buffer>
  removeStripes(blobIds: string[]): Promise<void>
  eraseRecords(records: RecordToErase[]): Promise<void>
  purge(host: PurgeHost): Promise<PurgeReport>
  collect(host: CollectHost): Promise<CollectReport>
  status(): Promise<NodeStatus>
  close(): Promise<void>
}

export interface OpenNodeInput {
  nodeId: string
  clusterId: string
  path: string
  files: FileSystem
  memory: AlignedMemory
  budget: GatherBudget
  segmentBytes: number
  segmentAgeMs: number
  fullPercent: number
  ballastBytes: number
  now: () => number
  log: PoolLog
}

/** The directory's identity must have been checked (`openNodeIdentity`). */
export async function openStorageNode(input: OpenNodeInput): Promise<StorageNode> {
  const { budget, fullPercent, ballastBytes, ...base } = input
  const { files, path, now, log } = base
  const directories = createDirectorySync({ files, root: path })
  for (const name of ['segments', 'stripes', 'writers']) await directories.ensure(join(path, name))
  const space = await openNodeSpace({ files, path, fullPercent, ballastBytes, now, log })
  await space.restoreBallast()
  const lease = await takeWriterLease({ files, directory: join(path, 'writers'), now })
  const isDirect = await takesDirectWrites(files, path)
  if (!isDirect) log.info({ path }, 'This file system takes no direct writes: using the page cache and fdatasync')
  const health = createNodeHealth({ now, log, path })
  return createStorageNode({ ...base, directories, space, lease, isDirect, health }, budget)
}

function createStorageNode(node: NodeContext, budget: GatherBudget): StorageNode {
  const { files, path, log, space, health, lease } = node
  const cache = createFileCache<FileFactsOfBlob>({
    files,
    log,
    filesMax: OPEN_FILES_MAX,
    inspect: (fd) => inspectBlobFile(files, fd),
  })
  const reader = createBlobReader({ nodePath: path, files, cache })
  const writer = new SegmentWriter(node)
  const upkeep = startUpkeep(node, async () => {
    await lease.touch()
    await writer.sealWhenOld()
    await cache.dropRemoved()
  })

  return {
    nodeId: node.nodeId,
    writability() {
      const state = health.state()
      return state === 'offline' || space.hasRoom() ? state : 'full'
    },
    describeRefusal: () => space.describeRefusal(),
    appendSmall: (blob) => writer.append(blob),
    createStripe: (blob) => createStripeWriter(node, budget, blob),
    read: (blob, range, scratch) => reader.read(blob, range, scratch),
    async removeStripes(blobIds) {
      await removeStripeFiles(node, blobIds)
      for (const blobId of blobIds) cache.drop(stripePath(path, blobId))
    },
    eraseRecords: (records) => eraseRecords(node, records),
    async purge(host) {
      const report = await purgeNode(node, host)
      await cache.dropRemoved()
      return report
    },
    async collect(host) {
      await removeDeadLeases(node)
      const orphans = await removeOrphanStripes(node, host)
      const compacted = await compactSegments({ node, reader, writer, host, onRemoved: (file) => cache.drop(file) })
      await cache.dropRemoved()
      await space.restoreBallast()
      return {
        orphansRemoved: orphans.count + compacted.orphans,
        segmentsCompacted: compacted.segments,
        bytesReclaimed: orphans.bytes + compacted.bytes,
      }
    },
    async status() {
      return { nodeId: node.nodeId, path, state: health.state(), ...(await space.facts()) }
    },
    async close() {
      clearInterval(upkeep)
      await writer.seal()
      await lease.release()
      cache.close()
    },
  }
}

function startUpkeep(node: NodeContext, work: () => Promise<void>): NodeJS.Timeout {
  let isRunning = false
  const timer = setInterval(() => {
    if (isRunning) return
    isRunning = true
    work()
      .catch((error: unknown) => node.log.error({ err: error, path: node.path }, 'Upkeep of a storage node failed'))
      .finally(() => {
        isRunning = false
      })
  }, TOUCH_EVERY_MS)
  return timer.unref()
}

/** Tmpfs and some overlays refuse O_DIRECT when opening, others only when writing. */
async function takesDirectWrites(files: FileSystem, path: string): Promise<boolean> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_DIRECT, O_DSYNC } = constants
  if (O_DIRECT === undefined) return false
  const probe = join(path, `probe-${randomBytes(8).toString('hex')}.tmp`)
  try {
    const fd = await files.open(probe, O_CREAT | O_EXCL | O_WRONLY | O_DIRECT | O_DSYNC)
    try {
      const block = allocateSlots(1)[0]?.subarray(0, 4_096)
      if (block !== undefined) await files.write(fd, block, 0)
      return true
    } finally {
      await files.close(fd)
    }
  } catch (error) {
    if (isSystemError(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP')) return false
    // A full node still opens, for reads and deletes; direct writes are what nearly every drive takes.
    if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return true
    throw error
  } finally {
    await unlinkIfThere(files, probe)
  }
}

async function removeStripeFiles(node: NodeContext, blobIds: string[]): Promise<void> {
  const directories = new Set<string>()
  const paths = blobIds.map((blobId) => stripePath(node.path, blobId))
  for (let start = 0; start < paths.length; start += REMOVALS_AT_ONCE) {
    await Promise.all(
      paths.slice(start, start + REMOVALS_AT_ONCE).map(async (path) => {
        if (await unlinkIfThere(node.files, path)) directories.add(dirname(path))
      }),
    )
  }
  for (const directory of directories) await node.directories.sync(directory)
}

/** Leases of writers that were killed. */
async function removeDeadLeases({ files, path, now }: NodeContext): Promise<void> {
  const directory = join(path, 'writers')
  for await (const { name } of files.listDirectory(directory)) {
    const writerId = /^([0-9a-f]{24})\.json$/.exec(name)?.[1]
    if (writerId === undefined || (await isWriterAlive({ files, directory, now }, writerId))) continue
    await unlinkIfThere(files, join(directory, name))
  }
}

async function unlinkIfThere(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.unlink(path)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
