import { isoTime } from '#storage-engine/iso-time.ts'
import { type ListedEntry, type ListedObject, listObjects, type ObjectPage } from '#storage-engine/metadata/listing.ts'
import { type EncodeKey, readEncoding, readPageSize } from '#storage-engine/s3/list-parameters.ts'
import type { Owner } from '#storage-engine/s3/owner-directory.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { element } from '#storage-engine/xml-text.ts'

/** What all three listings of objects have in common. */
export interface ListingParameters {
  prefix: string
  delimiter: string
  limit: number
  isUrl: boolean
  encode: EncodeKey
}

/** Throws InvalidArgument. */
export function readListingParameters({ query }: BucketRequest): ListingParameters {
  return {
    prefix: query.values.get('prefix') ?? '',
    delimiter: query.values.get('delimiter') ?? '',
    limit: readPageSize(query, 'max-keys'),
    ...readEncoding(query),
  }
}

export function pageObjects(
  request: BucketRequest,
  parameters: ListingParameters,
  startAfter: string,
): Promise<ObjectPage> {
  const { prefix, delimiter, limit } = parameters
  return listObjects(request.engine.db, { bucketId: request.bucket.id, prefix, delimiter, startAfter, limit })
}

/** The fields of a listing that repeat what was asked; `encodePrefix` is for the one listing that leaves the prefix as it is. */
export function echoXml(
  request: BucketRequest,
  { prefix, delimiter, limit, isUrl, encode }: ListingParameters,
  encodePrefix: EncodeKey = encode,
): string {
  const fields = [
    element('Name', request.bucket.name),
    element('Prefix', encodePrefix(prefix)),
    element('MaxKeys', limit),
    delimiter === '' ? '' : element('Delimiter', encode(delimiter)),
    isUrl ? element('EncodingType', 'url') : '',
  ]
  return fields.join('')
}

/** Entries in S3's order of elements: all objects, then all common prefixes. */
export function entriesXml(
  entries: ListedEntry[],
  encode: EncodeKey,
  objectXml: (object: ListedObject) => string,
): string {
  let objects = ''
  let prefixes = ''
  for (const entry of entries) {
    if (entry.kind === 'object') objects += objectXml(entry)
    else prefixes += `<CommonPrefixes>${element('Prefix', encode(entry.prefix))}</CommonPrefixes>`
  }
  return objects + prefixes
}

export interface ContentsInput {
  encode: EncodeKey
  /** Null when the client did not ask for them. */
  owners: Map<string, Owner> | null
  restoreStatus(object: ListedObject): string
}

export function contentsXml(object: ListedObject, { encode, owners, restoreStatus }: ContentsInput): string {
  return `<Contents>${element('Key', encode(object.key))}${objectFieldsXml(object)}${ownerXml('Owner', owners?.get(object.ownerId))}${restoreStatus(object)}</Contents>`
}

/** What a listing says of an object or a version, but for its key. */
export function objectFieldsXml({
  lastModified,
  etag,
  checksum,
  size,
  storageClass,
}: Pick<ListedObject, 'lastModified' | 'etag' | 'checksum' | 'size' | 'storageClass'>): string {
  const algorithm =
    checksum === null
      ? ''
      : `${element('ChecksumAlgorithm', checksum.algorithm)}${element('ChecksumType', checksum.type)}`
  // Dates, hexadecimal digits, numbers and names of classes need no escaping.
  return `<LastModified>${isoTime(lastModified)}</LastModified><ETag>&quot;${etag}&quot;</ETag>${algorithm}<Size>${size}</Size><StorageClass>${storageClass}</StorageClass>`
}

export function ownersOf(request: BucketRequest, entries: ListedEntry[]): Promise<Map<string, Owner>> {
  const ids = new Set<string>()
  for (const entry of entries) if (entry.kind === 'object') ids.add(entry.ownerId)
  return request.owners.getOwners(ids)
}
