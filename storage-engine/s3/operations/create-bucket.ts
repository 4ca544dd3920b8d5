import { createBucket as create } from '#storage-engine/buckets/create-bucket.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { refuseUnsupported } from '#storage-engine/s3/object-headers.ts'
import type { NewBucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { childText, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'

/** Other names of a region that old clients still send. */
const REGION_ALIASES: Record<string, string> = { US: 'us-east-1', EU: 'eu-west-1' }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export async function createBucket(request: NewBucketRequest): Promise<S3Response> {
  const { engine, headers, principal, ownerId, bucketName } = request
  if (principal.kind === 'anonymous') throw new StorageError('AccessDenied')
  refuseUnsupported(headers)
  const content = await readDocument(headers, request.body, XML_BYTES_MAX)
  const { region } = engine.config
  if (content.length > 0) checkConfiguration(content, region)
  await create(engine, { namespaceId: principal.namespaceId, ownerId, name: bucketName, region })
  return emptyResponse(200, ['Location', `/${bucketName}`])
}

/** Throws InvalidLocationConstraint for any region but ours, MalformedXML, and NotImplemented for tags and bucket types. */
function checkConfiguration(content: Buffer, region: string): void {
  const root = expectRoot(readXml(content), 'CreateBucketConfiguration')
  for (const name of root.children.keys()) {
    if (name !== 'LocationConstraint') throw new StorageError('NotImplemented', { extra: { Element: name } })
  }
  const constraint = childText(root, 'LocationConstraint')?.trim() ?? ''
  if (constraint === '' || (REGION_ALIASES[constraint] ?? constraint) === region) return
  throw new StorageError('InvalidLocationConstraint', { extra: { LocationConstraint: constraint } })
}
