import { CorruptBlobError } from '#storage-engine/blobs/blob-errors.ts'
import type { PurgeableBlobStore } from '#storage-engine/blobs/blob-purge.ts'
import type { BlobRef, CollectReport, CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { createAlignedMemory } from '#storage-engine/blobs/pool/aligned-memory.ts'
import type { RecordToErase } from '#storage-engine/blobs/pool/erase-records.ts'
import { type FileSystem, operatingSystem } from '#storage-engine/blobs/pool/file-system.ts'
import { createGatherBudget } from '#storage-engine/blobs/pool/gather-budget.ts'
import { parseLocator } from '#storage-engine/blobs/pool/locator.ts'
import { openNodeIdentity } from '#storage-engine/blobs/pool/node-identity.ts'
import type { PoolLog } from '#storage-engine/blobs/pool/pool-log.ts'
import { createPoolWriter } from '#storage-engine/blobs/pool/pool-writer.ts'
import { SMALL_BLOB_BYTES_MAX } from '#storage-engine/blobs/pool/segment-writer.ts'
import { openStorageNode, type StorageNode } from '#storage-engine/blobs/pool/storage-node.ts'
import { checkUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'
import { StartupError, StorageError } from '#storage-engine/errors.ts'

/** 9 MiB: twice the threads that write, so that the next write is ready when one ends. */
const SLOT_COUNT_MAX = 8
const SEGMENT_BYTES = 256 * 1_048_576
const SEGMENT_AGE_MS = 900_000
/** S3 allows 10,000 parts; 0 is a single body. */
const PART_NUMBER_MAX = 10_000
const BALLAST_BYTES = 64 * 1_048_576

export interface OpenPoolInput {
  /** Directories, each on its own drive. */
  nodes: string[]
  /** One copy on one node. */
  redundancy: 'single'
  clusterId: string
  log: PoolLog
  /** Blobs up to here share segment files; at most 1 MiB. */
  smallObjectBytes: number
  /** A node takes no writes while this share of its drive is used; 100: until the system refuses them. */
  nodeFullPercent: number
  /** Whether directories without an identity become nodes: the first start of an installation. */
  initialize: boolean
  /** What tests replace. */
  files?: FileSystem
  now?: () => number
  segmentBytes?: number
  segmentAgeMs?: number
  ballastBytes?: number
}

/**
 * Opens the pool of storage nodes. Any number of processes may have it open: each appends to segment files of its own,
 * all read all. Rejects with StartupError when a node is missing or belongs to another installation.
 */
export async function openPool(input: OpenPoolInput): Promise<PurgeableBlobStore> {
  if (input.smallObjectBytes > SMALL_BLOB_BYTES_MAX) {
    throw new StartupError(`SCEAU_SMALL_OBJECT_BYTES is ${input.smallObjectBytes}: at most ${SMALL_BLOB_BYTES_MAX}.`)
  }
  const now = input.now ?? Date.now
  const budget = createGatherBudget()
  const nodes = await openNodes(input, { budget, now })
  return createPool({ nodes, budget, now, smallObjectBytes: input.smallObjectBytes })
}

async function openNodes(
  { nodes: paths, clusterId, log, initialize, nodeFullPercent: fullPercent, ...rest }: OpenPoolInput,
  { budget, now }: { budget: ReturnType<typeof createGatherBudget>; now: () => number },
): Promise<StorageNode[]> {
  if (paths.length === 0) throw new StartupError('SCEAU_NODES names no storage node.')
  const identities: { path: string; nodeId: string }[] = []
  for (const path of paths) {
    const nodeId = await openNodeIdentity({ path, clusterId, initialize })
    const twin = identities.find((identity) => identity.nodeId === nodeId)
    if (twin !== undefined)
      throw new StartupError(`SCEAU_NODES names one storage node twice: ${twin.path} and ${path}.`)
    identities.push({ path, nodeId })
  }
  const memory = createAlignedMemory({ slotCountMax: SLOT_COUNT_MAX })
  const { files = operatingSystem, segmentBytes = SEGMENT_BYTES } = rest
  const { segmentAgeMs = SEGMENT_AGE_MS, ballastBytes = BALLAST_BYTES } = rest
  const shared = { clusterId, files, memory, budget, segmentBytes, segmentAgeMs, fullPercent, ballastBytes, now, log }
  return Promise.all(identities.map((identity) => openStorageNode({ ...identity, ...shared })))
}

interface PoolInput {
  nodes: StorageNode[]
  budget: ReturnType<typeof createGatherBudget>
  smallObjectBytes: number
  now: () => number
}

function createPool({ nodes, budget, smallObjectBytes, now }: PoolInput): PurgeableBlobStore {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const placement = createPlacement(nodes)
  const commits = new Set<Promise<unknown>>()
  let isClosed = false

  return {
    create(blob) {
      if (isClosed) throw new StorageError('ServiceUnavailable')
      checkInput(blob)
      const writer = createPoolWriter({ node: placement.next(), budget, smallObjectBytes, blob, now })
      return {
        ...writer,
        commit() {
          const commit = writer.commit()
          commits.add(commit)
          const forget = () => commits.delete(commit)
          commit.then(forget, forget)
          return commit
        },
      }
    },
    read(ref, range, scratch) {
      const locator = parseLocator(ref.locator)
      const node = byId.get(locator.nodeId)
      if (node === undefined) throw new CorruptBlobError('missing', { nodeId: locator.nodeId, locator: ref.locator })
      checkUuid(ref.blobId)
      return node.read({ ...ref, locator }, range, scratch)
    },
    async remove(refs) {
      const stripes = refs.filter(({ locator }) => parseLocator(locator).kind === 'stripe')
      for (const [node, group] of groupByNode(stripes, byId)) await node.removeStripes(group.stripes)
    },
    async erase(refs) {
      for (const [node, { stripes, records }] of groupByNode(refs, byId)) {
        await node.eraseRecords(records)
        await node.removeStripes(stripes)
      }
    },
    async purge(host) {
      const total = { erased: 0, pending: 0 }
      for (const node of nodes) {
        const { erased, pending } = await node.purge(host)
        total.erased += erased
        total.pending += pending
      }
      return total
    },
    async collect(host) {
      const reports: CollectReport[] = []
      for (const node of nodes) reports.push(await node.collect(host))
      const sum = (field: keyof CollectReport) => reports.reduce((total, report) => total + report[field], 0)
      return {
        orphansRemoved: sum('orphansRemoved'),
        segmentsCompacted: sum('segmentsCompacted'),
        bytesReclaimed: sum('bytesReclaimed'),
      }
    },
    status: () => Promise.all(nodes.map((node) => node.status())),
    async close() {
      isClosed = true
      await Promise.allSettled(commits)
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

/** Ids become paths and fixed fields: what does not fit must not get as far as a group of other blobs. */
function checkInput({ blobId, size, owner }: CreateBlobInput): void {
  for (const id of [blobId, owner.namespaceId, owner.bucketId, owner.versionId]) checkUuid(id)
  const { partNumber, form } = owner
  if (!Number.isInteger(partNumber) || partNumber < 0 || partNumber > PART_NUMBER_MAX) {
    throw new RangeError(`Not a part number: ${partNumber}`)
  }
  if (!Number.isInteger(form) || form < 0 || form > 255) throw new RangeError(`Not a form: ${form}`)
  if (size !== null && (!Number.isSafeInteger(size) || size < 0)) throw new RangeError(`Not a size: ${size}`)
}

/** In turn among healthy nodes; suspect ones only when there is no other. */
function createPlacement(nodes: StorageNode[]): { next(): StorageNode } {
  let turn = 0
  return {
    next() {
      turn = (turn + 1) % nodes.length
      const inTurn = [...nodes.slice(turn), ...nodes.slice(0, turn)]
      const candidates = inTurn.map((node) => ({ node, writability: node.writability() }))
      const chosen =
        candidates.find(({ writability }) => writability === 'online') ??
        candidates.find(({ writability }) => writability === 'suspect')
      if (chosen !== undefined) return chosen.node
      const full = candidates.filter(({ writability }) => writability === 'full')
      if (full.length === 0) throw new StorageError('ServiceUnavailable')
      const cause = new Error(full.map(({ node }) => node.describeRefusal()).join('; '))
      throw new StorageError('InsufficientStorage', { cause })
    },
  }
}

interface RefsOfNode {
  stripes: string[]
  records: RecordToErase[]
}

function groupByNode(refs: BlobRef[], byId: Map<string, StorageNode>): Map<StorageNode, RefsOfNode> {
  const groups = new Map<StorageNode, RefsOfNode>()
  for (const { blobId, locator: text } of refs) {
    const locator = parseLocator(text)
    checkUuid(blobId)
    const node = byId.get(locator.nodeId)
    if (node === undefined)
      throw new StorageError('ServiceUnavailable', { cause: new Error(`Node of ${text} is not mounted`) })
    const group = groups.get(node) ?? { stripes: [], records: [] }
    groups.set(node, group)
    if (locator.kind === 'stripe') group.stripes.push(blobId)
    else group.records.push({ blobId, locator })
  }
  return groups
}
