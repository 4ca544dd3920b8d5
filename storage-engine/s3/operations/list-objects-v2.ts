import { decodeToken, encodeToken } from '#storage-engine/s3/list-parameters.ts'
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

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function listObjectsV2(request: BucketRequest): Promise<S3Response> {
  const parameters = readListingParameters(request)
  const { encode } = parameters
  const { values } = request.query
  const token = values.get('continuation-token') ?? null
  const startAfter = values.get('start-after') ?? ''
  const page = await pageObjects(
    request,
    parameters,
    // An empty one is echoed, and begins at the start as none does.
    token ? decodeToken(token, 'continuation-token') : startAfter,
  )
  const wantsOwners = values.get('fetch-owner')?.toLowerCase() === 'true'
  const owners = wantsOwners ? await ownersOf(request, page.entries) : null
  const restoreStatus = await restoreStatusOf(request, page.entries)
  const fields = [
    echoXml(request, parameters),
    element('KeyCount', page.entries.length),
    element('IsTruncated', page.isTruncated),
    element('ContinuationToken', token),
    element('NextContinuationToken', page.nextMarker === null ? null : encodeToken(page.nextMarker)),
    startAfter === '' ? '' : element('StartAfter', encode(startAfter)),
    entriesXml(page.entries, encode, (object) => contentsXml(object, { encode, owners, restoreStatus })),
  ]
  return xmlResponse(xmlDocument('ListBucketResult', fields.join('')))
}
