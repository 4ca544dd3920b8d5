import { StorageError } from '#storage-engine/errors.ts'
import { setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { notImplemented } from '#storage-engine/s3/object-headers.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { childText, expectChildren, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export async function putBucketVersioning(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  if (headers.has('x-amz-mfa')) throw notImplemented('x-amz-mfa')
  const content = await readDocument(headers, body, XML_BYTES_MAX)
  const root = expectChildren(expectRoot(readXml(content), 'VersioningConfiguration'), ['Status', 'MfaDelete'])
  const mfa = childText(root, 'MfaDelete')?.trim() ?? 'Disabled'
  if (mfa !== 'Disabled') throw new StorageError(mfa === 'Enabled' ? 'NotImplemented' : 'MalformedXML')
  const status = childText(root, 'Status')?.trim()
  if (status === undefined) throw new StorageError('IllegalVersioningConfigurationException')
  if (status !== 'Enabled' && status !== 'Suspended') throw new StorageError('MalformedXML')
  await setBucketVersioning(engine.db, {
    bucketId: bucket.id,
    versioning: status === 'Enabled' ? 'enabled' : 'suspended',
  })
  return emptyResponse(200)
}
