import { initiatorIdOf } from '#storage-engine/auth/principal.ts'
import type { ChecksumAlgorithm } from '#storage-engine/body.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { type ChecksumType, createUpload } from '#storage-engine/objects/uploads.ts'
import { readOwnership, withAcl } from '#storage-engine/s3/acl-headers.ts'
import { readChecksumAlgorithm, readChecksumType } from '#storage-engine/s3/checksum-headers.ts'
import { readEncryption, writtenEncryptionHeaders } from '#storage-engine/s3/encryption-headers.ts'
import { abortHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { readDescription, refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { readLock } from '#storage-engine/s3/object-lock-headers.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { readObjectSettings } from '#storage-engine/s3/setting-headers.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export async function createMultipartUpload(request: KeyRequest): Promise<S3Response> {
  const { headers, bucket, key } = request
  refuseUnsupported(headers)
  const checksum = readUploadChecksum(request)
  const ownership = await readOwnership(request)
  const upload = await createUpload(request.engine, {
    bucket,
    key,
    ownerId: ownership.ownerId,
    initiatorId: initiatorIdOf(request.principal),
    ...readDescription(headers),
    checksum,
    settings: withAcl(readObjectSettings(request), ownership),
    lock: readLock(request),
    encryption: readEncryption(headers),
  })
  const answer = writtenEncryptionHeaders(upload, headers)
  if (checksum !== null)
    answer.push('x-amz-checksum-algorithm', checksum.algorithm, 'x-amz-checksum-type', checksum.type)
  answer.push(...abortHeaders(bucket, { key, createdAt: new Date() }))
  const fields = [element('Bucket', bucket.name), element('Key', key), element('UploadId', upload.uploadId)]
  return xmlResponse(xmlDocument('InitiateMultipartUploadResult', fields.join('')), answer)
}

/**
 * CRC64NVME is always of the full object, the SHAs always composite, the other CRCs either.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function readUploadChecksum({ headers }: KeyRequest): { algorithm: ChecksumAlgorithm; type: ChecksumType } | null {
  const algorithm = readChecksumAlgorithm(headers)
  const type = readChecksumType(headers)
  if (algorithm === null) {
    if (type === null) return null
    throw new StorageError('InvalidRequest', {
      message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    })
  }
  const isFixed = algorithm === 'CRC64NVME' || algorithm === 'SHA1' || algorithm === 'SHA256'
  const usual = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
  if (type !== null && isFixed && type !== usual) {
    throw new StorageError('InvalidRequest', {
      message: `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    })
  }
  return { algorithm, type: type ?? usual }
}
