import { type Body, bodyOf } from '#storage-engine/body.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { findObject, type ObjectVersion } from '#storage-engine/metadata/object-versions.ts'
import { completeUpload } from '#storage-engine/objects/complete-upload.ts'
import { readObject } from '#storage-engine/objects/read-object.ts'
import { createUpload, getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { type WriteObjectInput, type WrittenObject, writeObject } from '#storage-engine/objects/write-object.ts'

interface TestObject {
  bucket: Bucket
  key: string
}

const DESCRIPTION = { contentType: 'application/octet-stream', systemHeaders: null, userMetadata: null }
const NOTHING_SPECIAL = { settings: null, lock: null, encryption: { kind: 'default' } } as const

/** Written as the bucket's owner would, without anything special but what is given. */
export async function putTestObject(
  engine: Engine,
  { body, ...input }: TestObject & Partial<Omit<WriteObjectInput, 'body'>> & { body: Buffer | Body },
): Promise<WrittenObject> {
  return writeObject(engine, {
    ...DESCRIPTION,
    ...NOTHING_SPECIAL,
    ownerId: input.bucket.ownerId,
    contentMd5: null,
    checksum: null,
    precondition: null,
    ...input,
    body: 'drainTo' in body ? body : bodyOf(body),
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

/** A multipart object; every part but the last has at least 5 MiB. */
export async function putTestParts(engine: Engine, input: TestObject & { parts: Buffer[] }): Promise<void> {
  const { bucket, key } = input
  const { uploadId, etags } = await startTestUpload(engine, input)
  const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag, checksums: new Map() }))
  const claims = { checksum: null, checksumType: null, objectSize: null, precondition: null }
  await completeUpload(engine, { bucket, key, uploadId, parts, ...claims })
}

/** The current version as rows describe it. */
export async function findTestObject(engine: Engine, { bucket, key }: TestObject): Promise<ObjectVersion> {
  const { object } = await findObject(engine.db, { bucketName: bucket.name, key })
  if (object === null) throw new Error(`There is no object ${key}.`)
  return object
}

/** Whatever bytes come, and the error that ends them, if any. `object`: rows that are not those of Postgres. */
export async function readTestObject(
  engine: Engine,
  input: TestObject & { object?: ObjectVersion; range?: { start: number; end: number } | null },
): Promise<{ bytes: Buffer; error: unknown }> {
  const { bucket, range = null } = input
  const chunks: Buffer[] = []
  try {
    const object = input.object ?? (await findTestObject(engine, input))
    for await (const chunk of readObject(engine, { bucket, object, range })) chunks.push(Buffer.from(chunk))
    return { bytes: Buffer.concat(chunks), error: null }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}
