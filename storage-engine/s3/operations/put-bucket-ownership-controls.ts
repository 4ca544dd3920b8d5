import { isAclShared } from '#storage-engine/auth/object-ownership.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { readOwnershipControls } from '#storage-engine/s3/ownership-xml.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html */
export async function putBucketOwnershipControls({
  engine,
  bucket,
  headers,
  body,
}: BucketRequest): Promise<S3Response> {
  const value = readOwnershipControls(await readDocument(headers, body, XML_BYTES_MAX))
  // To switch ACLs off would silently take from others what this one grants them.
  if (value === 'BucketOwnerEnforced' && isAclShared(bucket.settings.acl, bucket.ownerId)) {
    throw new StorageError('InvalidBucketAclWithObjectOwnership')
  }
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'ownership', value })
  return emptyResponse(200)
}
