import { bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { createUpload, getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { writeObject } from '#storage-engine/objects/write-object.ts'

interface TestObject {
  bucket: Bucket
  key: string
}

const DESCRIPTION = { contentType: 'application/octet-stream', systemHeaders: null, userMetadata: null }
const NOTHING_SPECIAL = { settings: null, lock: null, encryption: { kind: 'default' } } as const

export async function putTestObject(engine: Engine, { body, ...place }: TestObject & { body: Buffer }): Promise<void> {
  await writeObject(engine, {
    ...DESCRIPTION,
    ...NOTHING_SPECIAL,
    ...place,
    body: bodyOf(body),
    ownerId: place.bucket.ownerId,
    contentMd5: null,
    checksum: null,
    precondition: null,
  })
}

/** An open upload with these parts, numbered from 1. */
export async function startTestUpload(
  engine: Engine,
  { parts, ...place }: TestObject & { parts: Buffer[] },
): Promise<{ uploadId: string; etags: string[] }> {
  const { ownerId } = place.bucket
  const owners = { ownerId, initiatorId: ownerId }
  const { uploadId } = await createUpload(engine, {
    ...DESCRIPTION,
    ...NOTHING_SPECIAL,
    ...place,
    ...owners,
    checksum: null,
  })
  const upload = await getUpload(engine, { ...place, uploadId })
  const etags: string[] = []
  for (const [index, content] of parts.entries()) {
    const part = { partNumber: index + 1, body: bodyOf(content), contentMd5: null, checksum: null }
    etags.push((await writePart(engine, { bucket: place.bucket, upload, ...part })).etag)
  }
  return { uploadId, etags }
}
