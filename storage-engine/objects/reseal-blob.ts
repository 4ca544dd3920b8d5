import type { KeyObject } from 'node:crypto'
import type { Body } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { readBlob } from '#storage-engine/objects/read-blob.ts'
import { formOf, type WrittenBlob, writeBody } from '#storage-engine/objects/write-body.ts'

/** Writes a plaintext blob once more, sealed. The old one stays for garbage collection: nothing refers to it yet, or no longer. */
export async function resealBlob(
  engine: Engine,
  input: { bucket: Bucket; versionId: string; partNumber: number; blob: WrittenBlob; dataKey: KeyObject | Buffer },
): Promise<WrittenBlob> {
  const { bucket, versionId, partNumber, blob, dataKey } = input
  const owner = { namespaceId: bucket.namespaceId, bucketId: bucket.id, versionId, partNumber }
  const plain = readBlob(
    engine,
    { ...owner, form: formOf(blob.cipher), blob, dataKey: null },
    { start: 0, end: blob.size },
  )
  const written = await writeBody(engine, {
    bucket,
    versionId,
    partNumber,
    body: bodyFrom(plain, blob.size),
    dataKey,
    contentMd5: null,
    checksums: [],
  })
  return written.blob
}

/** A body whose bytes we read ourselves, such as the source of a copy. */
export function bodyFrom(chunks: AsyncIterable<Buffer>, size: number): Body {
  return {
    declaredSize: size,
    trailingChecksums: new Map(),
    async drainTo(sink) {
      for await (const chunk of chunks) await sink(chunk)
    },
  }
}
