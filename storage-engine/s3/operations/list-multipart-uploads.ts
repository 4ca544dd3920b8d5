import { type ListedUpload, listUploads } from '#storage-engine/metadata/listing-uploads.ts'
import { type EncodeKey, readEncoding, readPageSize } from '#storage-engine/s3/list-parameters.ts'
import type { Owner } from '#storage-engine/s3/owner-directory.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export async function listMultipartUploads(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, query } = request
  const { values } = query
  const { isUrl, encode } = readEncoding(query)
  const prefix = values.get('prefix') ?? ''
  const delimiter = values.get('delimiter') ?? ''
  const keyMarker = values.get('key-marker') ?? ''
  const uploadIdMarker = keyMarker === '' ? '' : (values.get('upload-id-marker') ?? '')
  const limit = readPageSize(query, 'max-uploads')
  const page = await listUploads(engine.db, {
    bucketId: bucket.id,
    prefix,
    delimiter,
    keyMarker,
    uploadIdMarker,
    limit,
  })
  const uploads = page.entries.filter((entry) => entry.kind === 'upload')
  const owners = await request.owners.findOwners(uploads.flatMap(({ ownerId, initiatorId }) => [ownerId, initiatorId]))
  const prefixes = page.entries.map((entry) =>
    entry.kind === 'prefix' ? `<CommonPrefixes>${element('Prefix', encode(entry.prefix))}</CommonPrefixes>` : '',
  )
  const fields = [
    element('Bucket', bucket.name),
    element('KeyMarker', encode(keyMarker)),
    element('UploadIdMarker', uploadIdMarker),
    page.nextKeyMarker === null ? '' : element('NextKeyMarker', encode(page.nextKeyMarker)),
    element('NextUploadIdMarker', page.nextUploadIdMarker),
    element('Prefix', encode(prefix)),
    delimiter === '' ? '' : element('Delimiter', encode(delimiter)),
    isUrl ? element('EncodingType', 'url') : '',
    element('MaxUploads', limit),
    element('IsTruncated', page.isTruncated),
    ...uploads.map((upload) => uploadXml(upload, encode, owners)),
    ...prefixes,
  ]
  return xmlResponse(xmlDocument('ListMultipartUploadsResult', fields.join('')))
}

function uploadXml(upload: ListedUpload, encode: EncodeKey, owners: Map<string, Owner>): string {
  const fields = [
    element('Key', encode(upload.key)),
    element('UploadId', upload.uploadId),
    ownerXml('Initiator', owners.get(upload.initiatorId)),
    ownerXml('Owner', owners.get(upload.ownerId)),
    element('StorageClass', upload.storageClass),
    element('Initiated', upload.createdAt.toISOString()),
    element('ChecksumAlgorithm', upload.checksumAlgorithm),
    element('ChecksumType', upload.checksumType),
  ]
  return `<Upload>${fields.join('')}</Upload>`
}
