import { isOwnerOf } from '#storage-engine/auth/authorize.ts'
import { checkBucketPolicy } from '#storage-engine/auth/bucket-policy.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { readDocument, XML_BYTES_MAX } from '#storage-engine/s3/xml-body.ts'

/**
 * An owner who locks itself out may still repair the policy, unless x-amz-confirm-remove-self-bucket-access says that this
 * is meant. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
export async function putBucketPolicy(request: BucketRequest): Promise<S3Response> {
  const { engine, bucket, headers, body } = request
  const text = decodeUtf8(await readDocument(headers, body, XML_BYTES_MAX))
  checkBucketPolicy(text, bucket)
  // Nobody but an owner can give up an owner's rights.
  const isConfirmed = headers.get('x-amz-confirm-remove-self-bucket-access')?.toLowerCase() === 'true'
  const bindsOwner = isConfirmed && isOwnerOf(request.principal, bucket)
  const bind = (value: true | null) =>
    setBucketSetting(engine.db, { bucketId: bucket.id, name: 'policyBindsOwner', value })
  // In between, the policy that is there binds nobody more than it says.
  if (bucket.settings.policyBindsOwner === true && !bindsOwner) await bind(null)
  await setBucketSetting(engine.db, { bucketId: bucket.id, name: 'policy', value: text })
  if (bindsOwner) await bind(true)
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
