import { StorageError } from '#storage-engine/errors.ts'
import type { DeleteResult } from '#storage-engine/objects/delete-objects.ts'
import type { BucketRequest } from '#storage-engine/s3/s3-request.ts'

/** Whether the caller asks to pass GOVERNANCE by and may do so with this key. */
export function mayBypassGovernance({ headers, access, bucket }: BucketRequest, key: string): boolean {
  const isAsked = headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true'
  return isAsked && access.allows('s3:BypassGovernanceRetention', { bucket, key })
}

/** Why a version was not deleted; null when it is gone. */
export function refusalOf(outcome: DeleteResult['outcome']): StorageError | null {
  if (outcome === 'condition-failed')
    return new StorageError('PreconditionFailed', { extra: { Condition: 'If-Match' } })
  if (outcome === 'locked') {
    return new StorageError('AccessDenied', { message: 'Access Denied because object protected by object lock.' })
  }
  return null
}
