import type { Engine } from '#storage-engine/engine.ts'
import { type WrittenObject, writeObject } from '#storage-engine/objects/write-object.ts'
import { readClaimedChecksum } from '#storage-engine/transfers/claimed-checksum.ts'
import { requestBody } from '#storage-engine/transfers/request-body.ts'
import {
  answerJson,
  contentTypeOf,
  originOf,
  preconditionOf,
  type TransferContext,
} from '#storage-engine/transfers/transfer-context.ts'

/** Stores a file in one request. */
export async function putObject(engine: Engine, context: TransferContext): Promise<void> {
  const { request, response, target, bucket } = context
  const written = await writeObject(engine, {
    bucket,
    key: target.key,
    body: requestBody(request),
    ownerId: bucket.ownerId,
    contentType: contentTypeOf(request.headers['content-type']),
    systemHeaders: null,
    userMetadata: null,
    contentMd5: null,
    checksum: readClaimedChecksum(request) ?? { algorithm: 'CRC32C', value: null },
    precondition: preconditionOf(request),
    settings: null,
    lock: null,
    encryption: { kind: 'default' },
    event: { name: 'ObjectCreated:Put', origin: originOf(context) },
  })
  answerJson(response, 200, describeWritten(target.key, written))
}

export function describeWritten(key: string, { etag, size, lastModified, sealed }: WrittenObject) {
  return { key, etag, size, lastModified: lastModified.toISOString(), sealed }
}
