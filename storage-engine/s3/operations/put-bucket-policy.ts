import { checkBucketPolicy } from '#storage-engine/auth/bucket-policy.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/**
 * An owner who locks itself out may still repair the policy, so x-amz-confirm-remove-self-bucket-access asks for nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
export async function putBucketPolicy({ engine, bucket, headers, body }: BucketRequest): Promise<S3Response> {
  const text = decodeUtf8(await readDocument(headers, body, XML_BYTES_MAX))
  checkBucketPolicy(text, bucket)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'policy', value: text })
  return emptyResponse(204)
}

function decodeUtf8(content: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
    // Postgres stores no NUL, and no policy has a use for it.
    if (!text.includes('\0')) return text
  } catch (cause) {
    throw new StorageError('MalformedPolicy', { cause })
  }
  throw new StorageError('MalformedPolicy')
}
