import { constants } from 'node:fs'
import { join } from 'node:path'
import type { CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { alignUp } from '#storage-engine/blobs/pool/aligned-memory.ts'
import { type ChunkQueue, createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import { isSystemError } from '#storage-engine/blobs/pool/file-system.ts'
import type { GatherBudget } from '#storage-engine/blobs/pool/gather-budget.ts'
import type { StripeLocator } from '#storage-engine/blobs/pool/locator.ts'
import { type NodeContext, noteWriteFailure } from '#storage-engine/blobs/pool/node-context.ts'
import {
  encodeStripeHeader,
  STRIPE_HEADER_BYTES,
  STRIPE_PAGE_BYTES,
  STRIPE_PAGE_PAYLOAD_BYTES,
  stripeDirectories,
  stripePageCrc,
} from '#storage-engine/blobs/pool/stripe-format.ts'

/** With the header in front, exactly what a slot of aligned memory takes. */
const PAGES_PER_WRITE = 17
const WRITE_PAYLOAD_BYTES = PAGES_PER_WRITE * STRIPE_PAGE_PAYLOAD_BYTES
const FILE_ALIGNMENT = 4_096

/**
 * Writes one large blob to one node. A slot of aligned memory is taken only for the time of a disk write, so that slow
 * clients hold none; while one write runs, the next is gathered.
 */
export interface StripeWriter {
  write(chunk: Uint8Array): void | Promise<void>
  /** Durable, name included, when it resolves. */
  commit(): Promise<StripeLocator>
  abort(): Promise<void>
}

export function createStripeWriter(node: NodeContext, budget: GatherBudget, input: CreateBlobInput): StripeWriter {
  const gathered = createChunkQueue()
  const file = createStripeFile(node, input)
  let written = 0
  let inFlight: Promise<void> = Promise.resolve()
  let failure: unknown = null

  /** Starts a write of up to PAGES_PER_WRITE pages, of whole pages only unless it `isLast`. */
  const startWrite = async (isLast: boolean) => {
    await inFlight
    if (failure !== null) throw failure
    const available = isLast ? gathered.size : gathered.size - (gathered.size % STRIPE_PAGE_PAYLOAD_BYTES)
    const payloadBytes = Math.min(available, WRITE_PAYLOAD_BYTES)
    const slot = await node.memory.take()
    inFlight = file
      .writePages({ slot, payload: gathered, payloadBytes, payloadBytesTotal: input.size ?? written })
      .catch(async (error: unknown) => {
        failure = await noteWriteFailure(node, error)
      })
      .finally(() => node.memory.free(slot))
    budget.release(payloadBytes)
  }
  const finishWrites = async () => {
    do await startWrite(true)
    while (gathered.size > 0)
    await inFlight
    if (failure !== null) throw failure
  }
  const abort = async () => {
    budget.release(gathered.size)
    gathered.clear()
    await inFlight
    await file.discard()
  }

  return {
    write(chunk) {
      if (failure !== null) throw failure
      gathered.push(chunk)
      budget.take(chunk.length)
      written += chunk.length
      const limit = budget.isExhausted() ? STRIPE_PAGE_PAYLOAD_BYTES : WRITE_PAYLOAD_BYTES
      if (gathered.size < limit || written === input.size) return
      return startWrite(false)
    },
    async commit() {
      try {
        await finishWrites()
        await file.finish(written)
      } catch (error) {
        await abort()
        throw await noteWriteFailure(node, error)
      }
      return { kind: 'stripe', nodeId: node.nodeId, payloadBytes: written }
    },
    abort,
  }
}

interface PageWrite {
  slot: Buffer
  payload: ChunkQueue
  payloadBytes: number
  /** For the header: exact, or what is known so far (`finish` then writes it again). */
  payloadBytesTotal: number
}

function createStripeFile(node: NodeContext, input: CreateBlobInput) {
  const { parent, child } = stripeDirectories(input.blobId)
  const directory = join(node.path, 'stripes', parent, child)
  const path = join(directory, input.blobId)
  const temporaryPath = `${path}.tmp`
  const header = { clusterId: node.clusterId, blobId: input.blobId, owner: input.owner, writtenAt: node.now() }
  let fd: number | null = null
  let isFinished = false
  let position = 0
  let pageCount = 0
  let identityCrc = 0
  let headerPayloadBytes = -1

  const open = async (): Promise<number> => {
    const { O_CREAT, O_EXCL, O_WRONLY, O_DIRECT } = constants
    const flags = O_CREAT | O_EXCL | O_WRONLY | (node.isDirect ? O_DIRECT : 0)
    await node.directories.ensure(directory)
    try {
      return await node.files.open(temporaryPath, flags)
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error
      // The collector removed the empty directory since we saw it.
      node.directories.forget(directory)
      await node.directories.ensure(directory)
      return node.files.open(temporaryPath, flags)
    }
  }
  const fillPage = (page: Buffer, payload: ChunkQueue, payloadBytes: number) => {
    const content = page.subarray(0, payloadBytes)
    payload.moveTo(content)
    page.writeUInt32LE(stripePageCrc({ identityCrc, index: pageCount }, content), payloadBytes)
    pageCount += 1
  }
  const writeHeader = (slot: Buffer, payloadBytes: number): number => {
    headerPayloadBytes = payloadBytes
    identityCrc = encodeStripeHeader(slot, { ...header, payloadBytes })
    return STRIPE_HEADER_BYTES
  }

  return {
    async writePages({ slot, payload, payloadBytes, payloadBytesTotal }: PageWrite): Promise<void> {
      let filled = position === 0 ? writeHeader(slot, payloadBytesTotal) : 0
      // The payload leaves the queue before the first wait: the caller goes on gathering.
      for (let rest = payloadBytes; rest > 0; rest -= STRIPE_PAGE_PAYLOAD_BYTES) {
        const pageBytes = Math.min(rest, STRIPE_PAGE_PAYLOAD_BYTES)
        fillPage(slot.subarray(filled, filled + STRIPE_PAGE_BYTES), payload, pageBytes)
        filled += pageBytes + 4
      }
      const padded = alignUp(filled, FILE_ALIGNMENT)
      slot.fill(0, filled, padded)
      const start = position
      position += padded
      if (padded === 0) return
      fd ??= await open()
      await node.files.write(fd, slot.subarray(0, padded), start)
      node.space.noteWritten(padded)
    },
    async finish(payloadBytes: number): Promise<void> {
      if (fd === null) throw new Error('Nothing was written')
      if (headerPayloadBytes !== payloadBytes) {
        const slot = await node.memory.take()
        try {
          await node.files.write(fd, slot.subarray(0, writeHeader(slot, payloadBytes)), 0)
        } finally {
          node.memory.free(slot)
        }
      }
      await node.files.sync(fd)
      await close()
      await node.files.rename(temporaryPath, path)
      isFinished = true
      await node.directories.sync(directory)
    },
    /** Removes what there is of an unfinished file. */
    async discard(): Promise<void> {
      try {
        const wasOpen = fd !== null
        await close()
        if (wasOpen || position > 0) await removeTemporary()
      } catch (error) {
        node.log.warn({ err: error, path: node.path }, 'Could not remove an unfinished blob: the collector will')
      }
    },
  }

  async function close(): Promise<void> {
    const open = fd
    fd = null
    if (open !== null) await node.files.close(open)
  }

  async function removeTemporary(): Promise<void> {
    if (isFinished) return
    try {
      await node.files.unlink(temporaryPath)
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }
}
