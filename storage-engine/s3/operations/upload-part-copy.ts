import { StorageError } from '#storage-engine/errors.ts'
import { copyPart, getUpload, type WrittenPart } from '#storage-engine/objects/uploads.ts'
import { BODY_BYTES_MAX } from '#storage-engine/objects/write-body.ts'
import { parseCopyRange } from '#storage-engine/s3/byte-range.ts'
import { checksumElement } from '#storage-engine/s3/checksum-headers.ts'
import { copySourceHeaders, findCopySource } from '#storage-engine/s3/copy-source.ts'
import { encryptionHeaders, readCopySourceKey, readCustomerKey } from '#storage-engine/s3/encryption-headers.ts'
import { refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import { readUploadId } from '#storage-engine/s3/operations/upload-part.ts'
import { parsePartNumber } from '#storage-engine/s3/part-range.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export async function uploadPartCopy(request: KeyRequest): Promise<S3Response> {
  const { engine, bucket, key, headers } = request
  refuseUnsupported(headers)
  const partNumber = parsePartNumber(request.query.values.get('partNumber'))
  const upload = await getUpload(engine, { bucket, key, uploadId: readUploadId(request) })
  const source = await findCopySource(request)
  const rangeHeader = headers.get('x-amz-copy-source-range')
  const range = rangeHeader === undefined ? null : parseCopyRange(rangeHeader, source.object.size)
  const size = range === null ? source.object.size : range.end - range.start + 1
  if (size > BODY_BYTES_MAX) {
    throw new StorageError('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${BODY_BYTES_MAX}`,
    })
  }
  const part = await copyPart(engine, {
    bucket,
    upload,
    partNumber,
    source: { ...source, customerKey: readCopySourceKey(headers) },
    range,
    customerKey: readCustomerKey(headers),
  })
  return xmlResponse(xmlDocument('CopyPartResult', copyPartXml(part)), [
    ...copySourceHeaders(source),
    ...encryptionHeaders(part, headers),
  ])
}

function copyPartXml({ etag, lastModified, checksums }: WrittenPart): string {
  const values = [...checksums].map(([algorithm, value]) => element(checksumElement(algorithm), value))
  return element('LastModified', lastModified.toISOString()) + element('ETag', `"${etag}"`) + values.join('')
}
