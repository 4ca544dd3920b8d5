import type { Engine } from '#storage-engine/engine.ts'
import { purgePlaintext } from '#storage-engine/jobs/purge-plaintext.ts'
import {
  countPlainBlobs,
  expandGarbageUploads,
  forgetGarbage,
  pagePlainGarbage,
} from '#storage-engine/metadata/garbage.ts'

const GARBAGE_PAGE = 1_000
const UPLOADS_PAGE = 20
const BLOBS_PAGE = 20_000
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
/** A GET of what was deleted in plain form a moment ago may still be under way. */
const DELETED_GRACE_SECONDS_MAX = 60

export interface PlaintextLeft {
  /** Blobs that versions or uploads refer to. */
  referred: number
  /** Whether there is any plaintext at all that is too young to be erased. */
  isSome: boolean
}

/** Erases the plaintext that nothing refers to any more of a namespace that is switched on, from all nodes. Says what is left. */
export async function erasePlaintext(
  engine: Engine,
  { namespaceId, signal }: { namespaceId: string; signal: AbortSignal },
): Promise<PlaintextLeft> {
  const graceSeconds = Math.min(engine.config.garbageGraceSeconds, DELETED_GRACE_SECONDS_MAX)
  const freedBefore = new Date(Date.now() - graceSeconds * 1000)
  let expanded = 1
  while (expanded > 0 && !signal.aborted) {
    expanded = await expandGarbageUploads(engine.db, { freedBefore, limit: UPLOADS_PAGE, plainOf: namespaceId })
  }
  await eraseGarbage(engine, { namespaceId, freedBefore, signal })
  const counted = await countLeft(engine, { namespaceId, signal })
  if (counted.garbage + counted.referred > 0) return { referred: counted.referred, isSome: counted.garbage > 0 }
  const { erased, pending } = await purgePlaintext(engine, { namespaceIds: [namespaceId], signal })
  // What an interrupted move erased may have been copied once more: only a search that finds nothing is proof.
  return { referred: 0, isSome: erased + pending > 0 }
}

async function eraseGarbage(
  engine: Engine,
  { namespaceId, freedBefore, signal }: { namespaceId: string; freedBefore: Date; signal: AbortSignal },
): Promise<void> {
  let after: { freedAt: Date; blobId: string } | null = null
  while (!signal.aborted) {
    const page = await pagePlainGarbage(engine.db, { namespaceId, freedBefore, after, limit: GARBAGE_PAGE })
    after = page.at(-1) ?? null
    if (after === null) return
    await engine.blobs.erase(page)
    await forgetGarbage(engine.db, { blobIds: page.map(({ blobId }) => blobId) })
  }
}

async function countLeft(
  engine: Engine,
  { namespaceId, signal }: { namespaceId: string; signal: AbortSignal },
): Promise<{ garbage: number; referred: number }> {
  const left = { garbage: 0, referred: 0 }
  let after: string | null = FIRST_ID
  while (after !== null && !signal.aborted) {
    const page = await countPlainBlobs(engine.db, { namespaceId, after, limit: BLOBS_PAGE })
    left.garbage += page.garbageCount
    left.referred += page.referredCount
    after = page.lastId
  }
  return left
}
