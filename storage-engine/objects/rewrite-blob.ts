import type { KeyObject } from 'node:crypto'
import type { Body } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { readBlob } from '#storage-engine/objects/read-blob.ts'
import { formOf, type WrittenBlob, writeBody } from '#storage-engine/objects/write-body.ts'

export interface RewriteBlobInput {
  bucket: Pick<Bucket, 'id' | 'namespaceId'>
  versionId: string
  partNumber: number
  blob: WrittenBlob
  /** Opens the blob; null when it is plain. */
  from: KeyObject | null
  /** Seals the new one; null leaves it plain. */
  to: KeyObject | null
  /** Hexadecimal; null when it is not known. */
  md5?: string | null
  /** Called before each piece of the bytes goes on; what it throws ends the rewriting. */
  pace?: (bytes: number) => Promise<void> | void
}

/**
 * Writes the bytes of a blob once more, sealed or plain. The old one stays for garbage collection: nothing refers to it yet,
 * or no longer. Throws what readBlob and writeBody throw, BadDigest when the bytes are not those of `md5`.
 */
export async function rewriteBlob(engine: Engine, input: RewriteBlobInput): Promise<WrittenBlob> {
  const { bucket, versionId, partNumber, blob, from, to, md5 = null, pace } = input
  const owner = { namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId, partNumber }
  const source = { ...owner, form: formOf(blob.cipher), blob, dataKey: from }
  const chunks = readBlob(engine, source, { start: 0, end: blob.size })
  const written = await writeBody(engine, {
    bucket,
    versionId,
    partNumber,
    body: bodyFrom(pace === undefined ? chunks : paced(chunks, pace), blob.size),
    dataKey: to,
    contentMd5: md5 === null ? null : Buffer.from(md5, 'hex'),
    checksums: [],
  })
  return written.blob
}

async function* paced(
  chunks: AsyncIterable<Buffer>,
  pace: (bytes: number) => Promise<void> | void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await pace(chunk.length)
    yield chunk
  }
}

/** A body whose bytes we read ourselves, such as the source of a copy; the chunks must be nobody else's. */
export function bodyFrom(chunks: AsyncIterable<Buffer>, size: number): Body {
  return {
    declaredSize: size,
    givesChunksAway: true,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      for await (const chunk of chunks) await sink(chunk)
    },
  }
}
