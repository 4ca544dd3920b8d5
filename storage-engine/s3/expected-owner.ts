import type { Headers } from '#storage-engine/auth/wire-request.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { OwnerDirectory } from '#storage-engine/s3/owner-directory.ts'

/**
 * Throws AccessDenied unless the bucket belongs to whom the client expects: the canonical id of its owner, or the account
 * id or the name of its namespace. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
export async function checkExpectedOwner(
  { headers, owners }: { headers: Headers; owners: OwnerDirectory },
  bucket: Bucket,
  header = 'x-amz-expected-bucket-owner',
): Promise<void> {
  const expected = headers.get(header)
  if (expected === undefined || (expected !== '' && expected === bucket.accountId)) return
  if (expected === bucket.namespaceName) return
  const owner = await owners.getOwner(bucket.ownerId)
  if (owner.canonicalId !== expected) throw new StorageError('AccessDenied')
}
