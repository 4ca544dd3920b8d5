import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { listParts, type StoredPart } from '#storage-engine/metadata/parts.ts'
import { checkCustomerKey } from '#storage-engine/objects/read-object.ts'
import { objectVersionHeader } from '#storage-engine/s3/changed-version.ts'
import { checksumElement } from '#storage-engine/s3/checksum-headers.ts'
import { readCustomerKey, refuseEncryptionOfRead } from '#storage-engine/s3/encryption-headers.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']
const PARTS_MAX = 1000

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export async function getObjectAttributes(request: ObjectRequest): Promise<S3Response> {
  const { engine, bucket, object, headers, query, access } = request
  access.check(query.values.has('versionId') ? 's3:GetObjectVersion' : 's3:GetObject')
  refuseEncryptionOfRead(headers)
  const asked = readAttributes(headers)
  await checkCustomerKey(engine, { bucket, object, customerKey: readCustomerKey(headers) })
  const fields = [
    asked.has('ETag') ? element('ETag', object.etag) : '',
    asked.has('Checksum') ? checksumXml(request) : '',
    asked.has('ObjectParts') ? await partsXml(request) : '',
    asked.has('StorageClass') ? element('StorageClass', object.settings?.storageClass ?? 'STANDARD') : '',
    asked.has('ObjectSize') ? element('ObjectSize', object.size) : '',
  ]
  const answer = ['Last-Modified', object.lastModified.toUTCString(), ...objectVersionHeader(request)]
  return xmlResponse(xmlDocument('GetObjectAttributesResponse', fields.join('')), answer)
}

/** Throws InvalidArgument for an unknown attribute, and when none is named. */
function readAttributes(headers: Headers): ReadonlySet<string> {
  const text = headers.get('x-amz-object-attributes') ?? ''
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => ATTRIBUTES.includes(name))) return new Set(names)
  throw new StorageError('InvalidArgument', {
    message: 'Invalid attribute name specified.',
    extra: { ArgumentName: 'x-amz-object-attributes', ArgumentValue: text },
  })
}

function checksumXml({ object: { checksum } }: ObjectRequest): string {
  if (checksum === null) return ''
  return `<Checksum>${element(checksumElement(checksum.algorithm), checksum.value)}${element('ChecksumType', checksum.type)}</Checksum>`
}

/** Nothing for an object that was not uploaded in parts. */
async function partsXml({ engine, object, headers }: ObjectRequest): Promise<string> {
  if (object.uploadId === null) return ''
  const limit = Math.min(readCount(headers, 'x-amz-max-parts') ?? PARTS_MAX, PARTS_MAX)
  const marker = readCount(headers, 'x-amz-part-number-marker') ?? 0
  const found = await listParts(engine.db, { uploadId: object.uploadId, after: marker, limit: limit + 1 })
  const parts = found.slice(0, limit)
  const fields = [
    element('PartsCount', object.partCount),
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', parts.at(-1)?.partNumber ?? 0),
    element('MaxParts', limit),
    element('IsTruncated', found.length > limit && limit > 0),
    ...parts.map((part) => partXml(part, object.checksum?.algorithm)),
  ]
  return `<ObjectParts>${fields.join('')}</ObjectParts>`
}

function partXml({ partNumber, size, checksums }: StoredPart, algorithm: string | undefined): string {
  const value = algorithm === undefined ? undefined : checksums?.[algorithm]
  const checksum = value === undefined ? '' : element(checksumElement(algorithm as string), value)
  return `<Part>${checksum}${element('PartNumber', partNumber)}${element('Size', size)}</Part>`
}

/** Throws InvalidArgument unless it is an integer that S3 would take. */
function readCount(headers: Headers, name: string): number | null {
  const text = headers.get(name)
  if (text === undefined) return null
  if (/^\d{1,10}$/.test(text) && Number(text) <= 2 ** 31 - 1) return Number(text)
  throw new StorageError('InvalidArgument', {
    message: `${name} must be an integer between 0 and 2147483647`,
    extra: { ArgumentName: name, ArgumentValue: text },
  })
}
