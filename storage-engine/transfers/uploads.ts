import { z } from 'zod'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { listParts } from '#storage-engine/metadata/parts.ts'
import { abortUpload } from '#storage-engine/metadata/uploads.ts'
import { completeUpload, PART_COUNT_MAX } from '#storage-engine/objects/complete-upload.ts'
import { createUpload, getUpload, writePart } from '#storage-engine/objects/uploads.ts'
import { readClaimedChecksum } from '#storage-engine/transfers/claimed-checksum.ts'
import { describeWritten } from '#storage-engine/transfers/put-object.ts'
import { readJsonBody, requestBody } from '#storage-engine/transfers/request-body.ts'
import {
  answerJson,
  contentTypeOf,
  originOf,
  preconditionOf,
  type TransferContext,
} from '#storage-engine/transfers/transfer-context.ts'

/** 10,000 parts are about 700 KB. */
const COMPLETE_BYTES_MAX = 1024 * 1024
const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const completeInput = z.object({
  parts: z
    .array(z.object({ partNumber: z.number().int().min(1).max(PART_COUNT_MAX), etag: z.string().max(64) }))
    .min(1)
    .max(PART_COUNT_MAX),
})

/** Opens a multipart upload; the type of the file is the query parameter `type`. */
export async function postUploads(engine: Engine, { response, target, bucket }: TransferContext): Promise<void> {
  const { uploadId } = await createUpload(engine, {
    bucket,
    key: target.key,
    ownerId: bucket.ownerId,
    initiatorId: bucket.ownerId,
    contentType: contentTypeOf(target.query.get('type')),
    systemHeaders: null,
    userMetadata: null,
    checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT' },
    settings: null,
    lock: null,
    encryption: { kind: 'default' },
  })
  answerJson(response, 201, { uploadId })
}

/** What has arrived of an open upload, so that an interrupted one goes on with the rest. */
export async function getUploadParts(engine: Engine, context: TransferContext): Promise<void> {
  const { id } = await getUpload(engine, addressOf(context))
  const parts = await listParts(engine.db, { uploadId: id, after: 0, limit: PART_COUNT_MAX })
  answerJson(context.response, 200, {
    parts: parts.map(({ partNumber, etag, size }) => ({ partNumber, etag, size })),
  })
}

/** Stores one part; the browser's checksum of it is verified when it sent one. */
export async function putPart(engine: Engine, context: TransferContext): Promise<void> {
  const { request, response, bucket, matched } = context
  const partNumber = Number(matched[1])
  if (partNumber < 1 || partNumber > PART_COUNT_MAX) {
    throw new StorageError('InvalidArgument', {
      message: 'Part number must be an integer between 1 and 10000, inclusive',
      extra: { ArgumentName: 'partNumber', ArgumentValue: String(matched[1]) },
    })
  }
  const upload = await getUpload(engine, addressOf(context))
  const { etag, size } = await writePart(engine, {
    bucket,
    upload,
    partNumber,
    body: requestBody(request),
    contentMd5: null,
    checksum: readClaimedChecksum(request),
  })
  answerJson(response, 200, { partNumber, etag, size })
}

/** Makes the named parts the object. */
export async function postComplete(engine: Engine, context: TransferContext): Promise<void> {
  const { request, response, target } = context
  const input = completeInput.safeParse(await readJsonBody(request, COMPLETE_BYTES_MAX))
  if (!input.success) throw new StorageError('InvalidArgument', { message: z.prettifyError(input.error) })
  const written = await completeUpload(engine, {
    ...addressOf(context),
    parts: input.data.parts.map((part) => ({ ...part, checksums: new Map() })),
    checksum: null,
    checksumType: null,
    objectSize: null,
    precondition: preconditionOf(request),
    event: { name: 'ObjectCreated:CompleteMultipartUpload', origin: originOf(context) },
  })
  answerJson(response, 200, describeWritten(target.key, written))
}

/** Gives an upload up; its parts become garbage. */
export async function deleteUpload(engine: Engine, context: TransferContext): Promise<void> {
  const { bucket, key, uploadId } = addressOf(context)
  await abortUpload(engine.db, { bucketId: bucket.id, key, uploadId })
  context.response.writeHead(204).end()
}

function addressOf({ bucket, target, matched }: TransferContext) {
  const uploadId = matched[0] as string
  if (!UUID_PATTERN.test(uploadId)) throw new StorageError('NoSuchUpload', { extra: { UploadId: uploadId } })
  return { bucket, key: target.key, uploadId }
}
