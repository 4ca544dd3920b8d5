import type { CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import { createEncodingQueue } from '#storage-engine/blobs/pool/encoding-queue.ts'
import type { GatherBudget } from '#storage-engine/blobs/pool/gather-budget.ts'
import type { StripeLocator } from '#storage-engine/blobs/pool/locator.ts'
import { type NodeContext, noteWriteFailure } from '#storage-engine/blobs/pool/node-context.ts'
import { StripeFile } from '#storage-engine/blobs/pool/stripe-file.ts'
import { STRIPE_PAGE_PAYLOAD_BYTES } from '#storage-engine/blobs/pool/stripe-format.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** With the header in front, exactly what a slot of aligned memory takes. */
const PAGES_PER_WRITE = 17
const WRITE_PAYLOAD_BYTES = PAGES_PER_WRITE * STRIPE_PAGE_PAYLOAD_BYTES

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
  const chunks = createChunkQueue(input)
  const gathered = input.encoder === undefined ? chunks : createEncodingQueue(chunks, input.encoder)
  const file = new StripeFile(node, input)
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
    if (failure !== null) {
      node.memory.free(slot)
      throw failure
    }
    const filled = fill(slot, payloadBytes)
    inFlight = file
      .append(slot.subarray(0, filled))
      .catch(async (error: unknown) => {
        failure = await noteWriteFailure(node, error)
      })
      .finally(() => node.memory.free(slot))
    budget.release(payloadBytes)
  }
  /** What fails here is no fault of the node. */
  const fill = (slot: Buffer, payloadBytes: number): number => {
    const sizeBefore = gathered.size
    try {
      return file.fillPages({ slot, payload: gathered, payloadBytes, payloadBytesTotal: input.size ?? written })
    } catch (cause) {
      node.memory.free(slot)
      budget.release(sizeBefore - gathered.size)
      failure = new StorageError('InternalError', { cause })
      throw failure
    }
  }
  const finishWrites = async () => {
    do await startWrite(true)
    while (gathered.size > 0)
    await inFlight
    if (failure !== null) throw failure
  }
  const abort = async () => {
    // A write that still waits for its turn must not begin.
    failure ??= new Error('The blob was aborted')
    budget.release(gathered.size)
    gathered.clear()
    await inFlight
    await file.discard()
  }

  return {
    write(chunk) {
      if (failure !== null) throw failure
      const sizeBefore = gathered.size
      gathered.push(chunk)
      const grown = gathered.size - sizeBefore
      budget.take(grown)
      written += grown
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
