import type { BlobRef, BlobWriter, CreateBlobInput } from '#storage-engine/blobs/blob-store.ts'
import { createChunkQueue } from '#storage-engine/blobs/pool/chunk-queue.ts'
import type { GatherBudget } from '#storage-engine/blobs/pool/gather-budget.ts'
import { formatLocator, type Locator } from '#storage-engine/blobs/pool/locator.ts'
import type { StorageNode } from '#storage-engine/blobs/pool/storage-node.ts'
import { STRIPE_PAGE_PAYLOAD_BYTES } from '#storage-engine/blobs/pool/stripe-format.ts'
import type { StripeWriter } from '#storage-engine/blobs/pool/stripe-writer.ts'

interface PoolWriterInput {
  node: StorageNode
  budget: GatherBudget
  smallObjectBytes: number
  blob: CreateBlobInput
  now: () => number
}

/**
 * Small blobs are gathered and appended to the segment at commit; a blob that turns out to be large (or whose size nobody
 * told while memory is short) goes on as a stripe file.
 */
export function createPoolWriter({ node, budget, smallObjectBytes, blob, now }: PoolWriterInput): BlobWriter {
  const gathered = createChunkQueue(blob)
  const announced = blob.encoder?.inputSize ?? blob.size
  let stripe: StripeWriter | null = null
  let written = 0
  let state: 'open' | 'committing' | 'committed' | 'aborted' = 'open'

  const isLarge = () => {
    if (blob.encoder !== undefined) return true
    if (blob.size !== null) return blob.size > smallObjectBytes
    return gathered.size > smallObjectBytes || (budget.isExhausted() && gathered.size > STRIPE_PAGE_PAYLOAD_BYTES)
  }
  const spill = async (writer: StripeWriter) => {
    for (const chunk of releaseGathered()) await writer.write(chunk)
  }
  const releaseGathered = () => {
    budget.release(gathered.size)
    return gathered.drain()
  }
  const store = (): Promise<Locator> => {
    if (stripe !== null) return stripe.commit()
    budget.release(gathered.size)
    return node.appendSmall({ blobId: blob.blobId, owner: blob.owner, writtenAt: now(), payload: gathered })
  }

  return {
    write(chunk) {
      if (state !== 'open') throw new Error('The blob is not open for writing any more')
      written += chunk.length
      // Too many bytes fail the commit; until then they are only counted.
      if (announced !== null && written > announced) return
      if (stripe !== null) return stripe.write(chunk)
      gathered.push(chunk)
      budget.take(chunk.length)
      if (!isLarge()) return
      stripe = node.createStripe(blob)
      return spill(stripe)
    },
    async commit(): Promise<BlobRef> {
      if (state !== 'open') throw new Error('The blob is not open for writing any more')
      if (announced !== null && written !== announced) {
        throw new Error(`The blob was announced with ${announced} bytes and got ${written}`)
      }
      state = 'committing'
      const locator = await store()
      state = 'committed'
      return { blobId: blob.blobId, locator: formatLocator(locator) }
    },
    async abort() {
      // A small blob under way to the segment has left our hands: without a row it is garbage.
      if (state === 'committing' || state === 'committed' || state === 'aborted') return
      state = 'aborted'
      releaseGathered()
      await stripe?.abort()
    },
  }
}
