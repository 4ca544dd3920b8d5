import {
  contentsXml,
  echoXml,
  entriesXml,
  ownersOf,
  pageObjects,
  readListingParameters,
} from '#storage-engine/s3/listing-response.ts'
import { restoreStatusOf } from '#storage-engine/s3/restore-status.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { type S3Response, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'
import { element } from '#storage-engine/xml-text.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export async function listObjects(request: BucketRequest): Promise<S3Response> {
  const parameters = readListingParameters(request)
  const { encode } = parameters
  const marker = request.query.values.get('marker') ?? ''
  const page = await pageObjects(request, parameters, marker)
  const owners = await ownersOf(request, page.entries)
  const restoreStatus = await restoreStatusOf(request, page.entries)
  const fields = [
    // Version 1 never encodes it, whatever its page says: no SDK decodes it here.
    echoXml(request, parameters, (prefix) => prefix),
    element('Marker', encode(marker)),
    element('IsTruncated', page.isTruncated),
    // S3 names the next marker only with a delimiter: else it is the last key, as clients know.
    parameters.delimiter === '' || page.nextMarker === null ? '' : element('NextMarker', encode(page.nextMarker)),
    entriesXml(page.entries, encode, (object) => contentsXml(object, { encode, owners, restoreStatus })),
  ]
  return xmlResponse(xmlDocument('ListBucketResult', fields.join('')))
}
