import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'
import { BODY_BYTES_MAX } from '#storage-engine/objects/write-body.ts'
import { type WrittenObject, writeObject } from '#storage-engine/objects/write-object.ts'
import { readOwnership, withAcl } from '#storage-engine/s3/acl-headers.ts'
import { readChecksum, readContentMd5 } from '#storage-engine/s3/checksum-headers.ts'
import { checkMayCompare } from '#storage-engine/s3/compared-state.ts'
import { readWritePrecondition } from '#storage-engine/s3/conditions.ts'
import { readEncryption } from '#storage-engine/s3/encryption-headers.ts'
import { requestEvent } from '#storage-engine/s3/event-origin.ts'
import { expirationHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { readDescription, refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { expectDigest, readLock } from '#storage-engine/s3/object-lock-headers.ts'
import { writtenHeaders } from '#storage-engine/s3/object-response.ts'
import type { KeyRequest, ServiceRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readObjectSettings } from '#storage-engine/s3/setting-headers.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function putObject(request: KeyRequest): Promise<S3Response> {
  checkBodySize(request)
  const { answer } = await storeBody(request, 'ObjectCreated:Put')
  return emptyResponse(200, answer)
}

/** Stores the body of a request by its headers, which a form has too. `answer` is what its answer says of the object. */
export async function storeBody(
  request: KeyRequest,
  eventName: 'ObjectCreated:Put' | 'ObjectCreated:Post',
): Promise<{ written: WrittenObject; answer: string[] }> {
  const { headers } = request
  refuseUnsupported(headers)
  const owned = readOwnership(request)
  const ownership = owned instanceof Promise ? await owned : owned
  const settings = withAcl(readObjectSettings(request), ownership)
  const precondition = readWritePrecondition(headers)
  if (precondition !== null) await checkMayCompare(request, { key: request.key, condition: precondition })
  const written = await writeObject(request.engine, {
    bucket: request.bucket,
    key: request.key,
    body: request.body,
    ownerId: ownership.ownerId,
    ...readDescription(headers),
    contentMd5: readContentMd5(headers),
    checksum: readChecksum(headers),
    precondition,
    settings,
    lock: readPutLock(request),
    encryption: readEncryption(headers),
    event: requestEvent(request, eventName),
  })
  request.log.setObjectSize(written.size)
  const answer = writtenHeaders(written, headers)
  if (request.bucket.settings.lifecycle !== undefined) {
    answer.push(...expirationHeaders(request.bucket, { ...written, key: request.key, tags: settings?.tags }))
  }
  return { written, answer }
}

function readPutLock(request: KeyRequest): ObjectLock | null {
  const lock = readLock(request)
  if (lock !== null || request.bucket.settings.objectLock?.defaultRetention !== undefined) {
    expectDigest(request.headers, 'Put Object')
  }
  return lock
}

/** Throws MissingContentLength when a body has no length of any kind, and EntityTooLarge before a byte of it is read. */
export function checkBodySize({ headers, body }: Pick<ServiceRequest, 'headers' | 'body'>): void {
  if (!headers.has('content-length') && !headers.has('transfer-encoding'))
    throw new StorageError('MissingContentLength')
  const { declaredSize } = body
  if (declaredSize !== null && declaredSize > BODY_BYTES_MAX) {
    throw new StorageError('EntityTooLarge', {
      extra: { ProposedSize: String(declaredSize), MaxSizeAllowed: String(BODY_BYTES_MAX) },
    })
  }
}
