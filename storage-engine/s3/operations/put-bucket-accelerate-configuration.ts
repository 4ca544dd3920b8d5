import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'
import { childText, expectChildren, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'

/** Stored, so that it reads back; there are no edge locations to send anyone to. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html */
export async function putBucketAccelerateConfiguration(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  const status = readStatus(await readDocument(headers, body, XML_BYTES_MAX))
  if (bucket.name.includes('.')) {
    throw new StorageError('InvalidRequest', {
      message: 'S3 Transfer Acceleration is not supported for buckets with periods (.) in their names',
    })
  }
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'accelerate', value: status })
  return emptyResponse(200)
}

/** Throws MalformedXML. */
function readStatus(content: Buffer): 'Enabled' | 'Suspended' {
  const root = expectChildren(expectRoot(readXml(content), 'AccelerateConfiguration'), ['Status'])
  const status = childText(root, 'Status')?.trim()
  if (status !== 'Enabled' && status !== 'Suspended') throw new StorageError('MalformedXML')
  return status
}
