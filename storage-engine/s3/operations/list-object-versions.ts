import { StorageError } from '#storage-engine/errors.ts'
import type { ListedObject } from '#storage-engine/metadata/listing.ts'
import {
  echoXml,
  entriesXml,
  objectFieldsXml,
  ownersOf,
  pageObjects,
  readListingParameters,
} from '#storage-engine/s3/listing-response.ts'
import { ownerXml } from '#storage-engine/s3/owner-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/**
 * In a bucket that was never versioned every object is its own only version, `null`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function listObjectVersions(request: BucketRequest): Promise<S3Response> {
  const parameters = readListingParameters(request)
  const { encode } = parameters
  const { values } = request.query
  const keyMarker = values.get('key-marker') ?? ''
  const versionIdMarker = values.get('version-id-marker') ?? ''
  if (keyMarker === '' && versionIdMarker !== '') {
    throw new StorageError('InvalidArgument', {
      message: 'A version-id marker cannot be specified without a key marker.',
      extra: { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
    })
  }
  const page = await pageObjects(request, parameters, keyMarker)
  const owners = await ownersOf(request, page.entries)
  const isLastAnObject = page.entries.at(-1)?.kind === 'object'
  const versionXml = (object: ListedObject) => {
    const identity = `${element('Key', encode(object.key))}<VersionId>null</VersionId><IsLatest>true</IsLatest>`
    return `<Version>${identity}${objectFieldsXml(object)}${ownerXml('Owner', owners.get(object.ownerId))}</Version>`
  }
  const fields = [
    echoXml(request, parameters),
    element('KeyMarker', encode(keyMarker)),
    element('VersionIdMarker', versionIdMarker),
    element('IsTruncated', page.isTruncated),
    page.nextMarker === null ? '' : element('NextKeyMarker', encode(page.nextMarker)),
    page.nextMarker === null || !isLastAnObject ? '' : element('NextVersionIdMarker', 'null'),
    entriesXml(page.entries, encode, versionXml),
  ]
  return xmlResponse(xmlDocument('ListVersionsResult', fields.join('')))
}
