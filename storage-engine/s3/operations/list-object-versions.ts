import { StorageError } from '#storage-engine/errors.ts'
import { isoTime } from '#storage-engine/iso-time.ts'
import { type ListedVersion, listVersions } from '#storage-engine/metadata/listing-versions.ts'
import type { EncodeKey } from '#storage-engine/s3/list-parameters.ts'
import { echoXml, objectFieldsXml, readListingParameters } from '#storage-engine/s3/listing-response.ts'
import type { Owner } from '#storage-engine/s3/owner-directory.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import { restoreStatusOf } from '#storage-engine/s3/restore-status.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export async function listObjectVersions(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, owners } = request
  const parameters = readListingParameters(request)
  const { prefix, delimiter, limit, encode } = parameters
  const { keyMarker, versionIdMarker } = readMarkers(request)
  const position = { keyMarker, versionIdMarker: versionIdMarker || null }
  const page = await listVersions(engine.db, { bucketId: bucket.id, prefix, delimiter, limit, ...position })
  const versions = page.entries.filter((entry) => entry.kind !== 'prefix')
  const prefixes = page.entries.filter((entry) => entry.kind === 'prefix')
  const known = await owners.getOwners(new Set(versions.map(({ ownerId }) => ownerId)))
  const restoreStatus = await restoreStatusOf(request, page.entries)
  const fields = [
    echoXml(request, parameters),
    element('KeyMarker', encode(keyMarker)),
    element('VersionIdMarker', versionIdMarker),
    element('IsTruncated', page.isTruncated),
    element('NextKeyMarker', page.nextKeyMarker === null ? null : encode(page.nextKeyMarker)),
    element('NextVersionIdMarker', page.nextVersionIdMarker),
    ...versions.map((version) => versionXml(version, { encode, owners: known, restoreStatus })),
    ...prefixes.map((entry) => `<CommonPrefixes>${element('Prefix', encode(entry.prefix))}</CommonPrefixes>`),
  ]
  return xmlResponse(xmlDocument('ListVersionsResult', fields.join('')))
}

/** Absent ones are empty. Throws InvalidArgument. */
function readMarkers({ query }: BucketRequest): { keyMarker: string; versionIdMarker: string } {
  const keyMarker = query.values.get('key-marker') ?? ''
  const versionIdMarker = query.values.get('version-id-marker') ?? ''
  if (versionIdMarker === '') return { keyMarker, versionIdMarker }
  if (keyMarker === '') {
    throw new StorageError('InvalidArgument', {
      message: 'A version-id marker cannot be specified without a key marker.',
      extra: { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
    })
  }
  checkVersionIdForm(versionIdMarker)
  return { keyMarker, versionIdMarker }
}

interface VersionInput {
  encode: EncodeKey
  owners: Map<string, Owner>
  restoreStatus(version: ListedVersion): string
}

function versionXml(version: ListedVersion, { encode, owners, restoreStatus }: VersionInput): string {
  const { kind, key, versionId, isLatest, lastModified, ownerId } = version
  const identity = `${element('Key', encode(key))}<VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest>`
  const owner = ownerXml('Owner', owners.get(ownerId))
  if (kind === 'version') {
    return `<Version>${identity}${objectFieldsXml(version)}${owner}${restoreStatus(version)}</Version>`
  }
  return `<DeleteMarker>${identity}${element('LastModified', isoTime(lastModified))}${owner}</DeleteMarker>`
}
