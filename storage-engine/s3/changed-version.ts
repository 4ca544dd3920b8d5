import { visibleVersionId } from '#storage-engine/metadata/found-objects.ts'
import type { EventName } from '#storage-engine/objects/object-event.ts'
import type { UpdateObjectInput } from '#storage-engine/objects/update-object.ts'
import { eventOrigin } from '#storage-engine/s3/event-origin.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { shownVersionId, versionHeader } from '#storage-engine/s3/version-id.ts'

/** The version that a request was allowed to change, and the event that its change is, if it is one. */
export function changedVersion(request: ObjectRequest, eventName?: EventName): UpdateObjectInput {
  const { bucket, key, object } = request
  const event = eventName && { names: [eventName], origin: eventOrigin(request) }
  return { bucket, key, versionId: visibleVersionId(object), ...(event && { event }) }
}

/** x-amz-version-id of the version that a request is about; nothing in a bucket that was never versioned. */
export function objectVersionHeader({ bucket, object }: ObjectRequest): string[] {
  return versionHeader('x-amz-version-id', shownVersionId(bucket, object))
}
