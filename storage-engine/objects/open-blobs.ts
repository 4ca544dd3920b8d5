import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  isLiveBlob,
  listSealedBodies,
  listSealedParts,
  type SealedBlob,
} from '#storage-engine/metadata/sealed-blobs.ts'
import { openVersionKey } from '#storage-engine/objects/encryption.ts'
import { readBlob } from '#storage-engine/objects/read-blob.ts'
import { formOf } from '#storage-engine/objects/write-body.ts'

const PAGE = 500

export interface OpenedBlob {
  namespaceId: string
  versionId: string
  blobId: string
  /**
   * opened: every segment's tag holds. customer-key, key-away: it needs a key that only a client has, or a named or
   * destroyed key that is not to be had. broken: it does not open.
   */
  result: 'opened' | 'customer-key' | 'key-away' | 'broken'
  bytes: number
  reason: string | null
}

/**
 * Opens every segment of every sealed blob that a version, a completed upload or an open one refers to. Throws
 * ServiceUnavailable when the root provider cannot be reached: then nothing can be said of the rest.
 */
export async function* openSealedBlobs(engine: Engine): AsyncGenerator<OpenedBlob> {
  for await (const blob of sealedBlobs(engine)) {
    const opened = await openBlob(engine, blob)
    // Let go while it was read: nobody was promised these bytes any more.
    if (opened.result === 'broken' && !(await isLiveBlob(engine.db, opened))) continue
    yield opened
  }
}

async function* sealedBlobs({ db }: Engine): AsyncGenerator<SealedBlob> {
  for (let page = await listSealedBodies(db, { after: null, limit: PAGE }); page.length > 0; ) {
    yield* page
    const after = page.at(-1)?.position ?? null
    page = page.length < PAGE ? [] : await listSealedBodies(db, { after, limit: PAGE })
  }
  for (let page = await listSealedParts(db, { after: null, limit: PAGE }); page.length > 0; ) {
    yield* page
    page = page.length < PAGE ? [] : await listSealedParts(db, { after: page.at(-1) ?? null, limit: PAGE })
  }
}

async function openBlob(engine: Engine, sealed: SealedBlob): Promise<OpenedBlob> {
  const { namespaceId, bucketId, versionId, partNumber, blob, ...version } = sealed
  const about = { namespaceId, versionId, blobId: blob.blobId }
  if (sealed.settings?.encryption?.kind === 'customer') {
    return { ...about, result: 'customer-key', bytes: 0, reason: null }
  }
  let bytes = 0
  try {
    const dataKey = await openVersionKey(engine, {
      bucket: { id: bucketId, namespaceId },
      version: { versionId, ...version },
    })
    if (dataKey === null) return { ...about, result: 'broken', bytes, reason: 'its version has no key' }
    const source = { namespaceId, bucketId, versionId, partNumber, form: formOf(blob.cipher), blob, dataKey }
    for await (const piece of readBlob(engine, source, { start: 0, end: blob.size })) bytes += piece.length
    return bytes === blob.size
      ? { ...about, result: 'opened', bytes, reason: null }
      : { ...about, result: 'broken', bytes, reason: `${bytes} bytes instead of ${blob.size}` }
  } catch (error) {
    if (error instanceof StorageError && error.code === 'ServiceUnavailable') throw error
    const isKeyAway = error instanceof StorageError && error.status < 500
    return { ...about, result: isKeyAway ? 'key-away' : 'broken', bytes, reason: (error as Error).message }
  }
}
