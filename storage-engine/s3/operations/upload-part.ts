import { StorageError } from '#storage-engine/errors.ts'
import { getUpload, type WrittenPart, writePart } from '#storage-engine/objects/uploads.ts'
import { checksumHeader, readChecksum, readContentMd5 } from '#storage-engine/s3/checksum-headers.ts'
import { encryptionHeaders, readCustomerKey } from '#storage-engine/s3/encryption-headers.ts'
import { refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { expectDigest } from '#storage-engine/s3/object-lock-headers.ts'
import { checkBodySize } from '#storage-engine/s3/operations/put-object.ts'
import { parsePartNumber } from '#storage-engine/s3/part-range.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export async function uploadPart(request: KeyRequest): Promise<S3Response> {
  const { engine, bucket, key, headers, body } = request
  refuseUnsupported(headers)
  checkBodySize(request)
  const partNumber = parsePartNumber(request.query.values.get('partNumber'))
  const contentMd5 = readContentMd5(headers)
  const checksum = readChecksum(headers)
  const upload = await getUpload(engine, { bucket, key, uploadId: readUploadId(request) })
  if (upload.lock !== null || bucket.settings.objectLock?.defaultRetention !== undefined) {
    expectDigest(headers, 'Put Part')
  }
  const customerKey = readCustomerKey(headers)
  const part = await writePart(engine, { bucket, upload, partNumber, body, contentMd5, checksum, customerKey })
  request.log.setObjectSize(part.size)
  return emptyResponse(200, partHeaders(part, headers))
}

/** Throws InvalidArgument when the parameter is missing or empty: a part must never become an object by mistake. */
export function readUploadId({ query }: Pick<KeyRequest, 'query'>): string {
  const uploadId = query.values.get('uploadId')
  if (uploadId) return uploadId
  throw new StorageError('InvalidArgument', {
    message: 'This operation does not accept a query-string without an uploadId.',
    extra: { ArgumentName: 'uploadId', ArgumentValue: '' },
  })
}

function partHeaders(part: WrittenPart, requestHeaders: KeyRequest['headers']): string[] {
  const { etag, checksums } = part
  const headers = ['ETag', `"${etag}"`]
  for (const [algorithm, value] of checksums) headers.push(checksumHeader(algorithm), value)
  return [...headers, ...encryptionHeaders(part, requestHeaders)]
}
