import { StorageError } from '#storage-engine/errors.ts'
import { listParts as pageParts, type StoredPart } from '#storage-engine/metadata/parts.ts'
import { getUpload } from '#storage-engine/objects/uploads.ts'
import { checksumElement } from '#storage-engine/s3/checksum-headers.ts'
import { abortHeaders } from '#storage-engine/s3/lifecycle-headers.ts'
import { readPageSize } from '#storage-engine/s3/list-parameters.ts'
import { readUploadId } from '#storage-engine/s3/operations/upload-part.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export async function listParts(request: KeyRequest): Promise<S3Response> {
  const { engine, bucket, key, query } = request
  const limit = readPageSize(query, 'max-parts')
  const marker = readMarker(query.values.get('part-number-marker'))
  const upload = await getUpload(engine, { bucket, key, uploadId: readUploadId(request) })
  const found = await pageParts(engine.db, { uploadId: upload.id, after: marker, limit: limit + 1 })
  const parts = found.slice(0, limit)
  const owners = await request.owners.findOwners([upload.ownerId, upload.initiatorId])
  const fields = [
    element('Bucket', bucket.name),
    element('Key', key),
    element('UploadId', upload.id),
    ownerXml('Initiator', owners.get(upload.initiatorId)),
    ownerXml('Owner', owners.get(upload.ownerId)),
    element('StorageClass', upload.settings?.storageClass ?? 'STANDARD'),
    element('ChecksumAlgorithm', upload.checksumAlgorithm),
    element('ChecksumType', upload.checksumType),
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', parts.at(-1)?.partNumber ?? 0),
    element('MaxParts', limit),
    element('IsTruncated', found.length > limit && limit > 0),
    ...parts.map((part) => partXml(part, upload.checksumAlgorithm)),
  ]
  return xmlResponse(xmlDocument('ListPartsResult', fields.join('')), abortHeaders(bucket, upload))
}

function partXml({ partNumber, lastModified, etag, size, checksums }: StoredPart, algorithm: string | null): string {
  const checksum = algorithm === null ? undefined : checksums?.[algorithm]
  const fields = [
    element('PartNumber', partNumber),
    element('LastModified', lastModified.toISOString()),
    element('ETag', `"${etag}"`),
    element('Size', size),
    checksum === undefined ? '' : element(checksumElement(algorithm as string), checksum),
  ]
  return `<Part>${fields.join('')}</Part>`
}

function readMarker(text: string | undefined): number {
  if (text === undefined || text === '') return 0
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new StorageError('InvalidArgument', {
    message: 'Argument partNumberMarker must be an integer between 0 and 2147483647',
    extra: { ArgumentName: 'part-number-marker', ArgumentValue: text },
  })
}
