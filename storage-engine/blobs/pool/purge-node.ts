import { constants } from 'node:fs'
import { join } from 'node:path'
import { PURGE_HEAD_BYTES, type PurgeHost, type PurgeReport } from '#storage-engine/blobs/blob-purge.ts'
import { stripePath } from '#storage-engine/blobs/pool/blob-reader.ts'
import { listSegments, locatorOf, readBatches } from '#storage-engine/blobs/pool/compaction.ts'
import { eraseRecords } from '#storage-engine/blobs/pool/erase-records.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import { formatLocator } from '#storage-engine/blobs/pool/locator.ts'
import type { NodeContext } from '#storage-engine/blobs/pool/node-context.ts'
import { segmentPath } from '#storage-engine/blobs/pool/segment-file.ts'
import { openSegmentWalk, type WalkedRecord } from '#storage-engine/blobs/pool/segment-walk.ts'
import { decodeStripeHeader, STRIPE_HEADER_BYTES } from '#storage-engine/blobs/pool/stripe-format.ts'
import { isUuid } from '#storage-engine/blobs/pool/uuid-bytes.ts'

const IDS_PER_QUESTION = 1_000
const TEMPORARY_SUFFIX = '.tmp'

/** `BlobPurge.purge` for one node. */
export async function purgeNode(node: NodeContext, host: PurgeHost): Promise<PurgeReport> {
  const report = { erased: 0, pending: 0 }
  for (const segmentId of await listSegments(node)) {
    if (host.signal.aborted) return report
    await unlessGone(() => purgeSegment({ node, host, report }, segmentPath(node.path, segmentId)))
  }
  const root = join(node.path, 'stripes')
  for await (const parent of node.files.listDirectory(root)) {
    if (!parent.isDirectory) continue
    for await (const child of node.files.listDirectory(join(root, parent.name))) {
      if (host.signal.aborted) return report
      const path = join(root, parent.name, child.name)
      if (child.isDirectory) await unlessGone(() => purgeDirectory({ node, host, report }, path))
    }
  }
  return report
}

interface PurgeInput {
  node: NodeContext
  host: PurgeHost
  report: PurgeReport
}

/** Compaction and the collector remove files at the same time. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

async function purgeSegment(input: PurgeInput, path: string): Promise<void> {
  const { node, host } = input
  const walk = await openSegmentWalk(node.files, path)
  if (walk === null) return
  try {
    for await (const batch of readBatches(walk)) {
      if (host.signal.aborted) return
      const own = batch.filter(({ owner }) => host.namespaceIds.has(owner.namespaceId))
      if (own.length > 0) await purgeRecords(input, path, own)
    }
  } finally {
    await walk.close()
  }
}

async function purgeRecords({ node, host, report }: PurgeInput, path: string, records: WalkedRecord[]): Promise<void> {
  const known = await host.findKnown(records.map(({ blobId }) => blobId))
  const dead = records.filter((record) => known.get(record.blobId) !== formatLocator(locatorOf(node, record)))
  if (dead.length === 0) return
  const doomed: WalkedRecord[] = []
  const fd = await node.files.open(path, constants.O_RDONLY)
  try {
    for (const record of dead) {
      const payload = Buffer.alloc(record.payloadBytes)
      await node.files.read(fd, [payload], record.offset + record.headBytes)
      if (isZero(payload) || !host.isWanted(record.owner, payload.subarray(0, PURGE_HEAD_BYTES))) continue
      if (record.writtenAt >= host.writtenBefore.getTime()) report.pending += 1
      else doomed.push(record)
    }
  } finally {
    await node.files.close(fd)
  }
  await eraseRecords(
    node,
    doomed.map((record) => ({ blobId: record.blobId, locator: locatorOf(node, record) })),
  )
  report.erased += doomed.length
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

async function purgeDirectory(input: PurgeInput, path: string): Promise<void> {
  const { node, host, report } = input
  const before = report.erased
  let blobIds: string[] = []
  const askAndPurge = async () => {
    const known = await host.findKnown(blobIds)
    for (const blobId of blobIds) {
      if (!known.has(blobId)) await purgeStripe(input, join(path, blobId), host.writtenBefore)
    }
    blobIds = []
  }
  for await (const { name, isDirectory } of node.files.listDirectory(path)) {
    if (isDirectory) continue
    if (name.endsWith(TEMPORARY_SUFFIX)) await purgeStripe(input, join(path, name), host.unfinishedBefore)
    else if (isUuid(name) && stripePath(node.path, name) === join(path, name)) blobIds.push(name)
    if (blobIds.length === IDS_PER_QUESTION) await askAndPurge()
  }
  if (blobIds.length > 0) await askAndPurge()
  if (report.erased > before) await node.directories.sync(path)
}

async function purgeStripe({ node, host, report }: PurgeInput, path: string, writtenBefore: Date): Promise<void> {
  await unlessGone(async () => {
    const head = await readHead(node, path)
    const header = decodeStripeHeader(head)
    if (header === null || !host.namespaceIds.has(header.owner.namespaceId)) return
    const begin = head.subarray(header.headerBytes, header.headerBytes + PURGE_HEAD_BYTES)
    if (!host.isWanted(header.owner, begin)) return
    const { changedAt } = await node.files.stat(path)
    if (changedAt >= writtenBefore.getTime()) {
      report.pending += 1
      return
    }
    await node.files.unlink(path)
    report.erased += 1
  })
}

async function readHead(node: NodeContext, path: string): Promise<Buffer> {
  const head = Buffer.alloc(STRIPE_HEADER_BYTES + PURGE_HEAD_BYTES)
  const fd = await node.files.open(path, constants.O_RDONLY)
  try {
    return head.subarray(0, await node.files.read(fd, [head], 0))
  } finally {
    await node.files.close(fd)
  }
}
