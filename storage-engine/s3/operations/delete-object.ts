import { deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { checkMayCompare } from '#storage-engine/s3/compared-state.ts'
import { readDeleteCondition } from '#storage-engine/s3/conditions.ts'
import { mayBypassGovernance, refusalOf } from '#storage-engine/s3/delete-targets.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import type { KeyRequest } from '#storage-engine/s3/s3-request.ts'
import { emptyResponse, type S3Response } from '#storage-engine/s3/s3-response.ts'
import { checkVersionIdForm } from '#storage-engine/s3/version-id.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(request: KeyRequest): Promise<S3Response> {
  const { headers, query, bucket, key } = request
  const versionId = query.values.get('versionId') ?? null
  if (versionId !== null) checkVersionIdForm(versionId)
  const condition = readDeleteCondition({
    etag: headers.get('if-match'),
    time: headers.get('x-amz-if-match-last-modified-time'),
    size: headers.get('x-amz-if-match-size'),
  })
  await checkMayCompare(request, { key, versionId, condition })
  const target = { key, versionId, condition, mayBypassGovernance: mayBypassGovernance(request, key) }
  const origin = bucket.settings.notification === undefined ? undefined : eventOrigin(request)
  const [result] = await deleteObjects(request.engine, { bucket, ownerId: request.ownerId, targets: [target], origin })
  const { outcome = 'missing', newDeleteMarker = null, wasDeleteMarker = false } = result ?? {}
  const refusal = refusalOf(outcome)
  if (refusal !== null) throw refusal
  const answer: string[] = []
  if (wasDeleteMarker || newDeleteMarker !== null) answer.push('x-amz-delete-marker', 'true')
  const shown = versionId ?? newDeleteMarker
  if (shown !== null) answer.push('x-amz-version-id', shown)
  return emptyResponse(204, answer)
}
