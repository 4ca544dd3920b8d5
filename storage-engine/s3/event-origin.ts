import type { Principal } from '#storage-engine/auth/principal.ts'
import { userIdOf } from '#storage-engine/auth/principal-context.ts'
import type { EventName, EventOrigin, ObjectEvent } from '#storage-engine/objects/object-event.ts'
import type { BucketRequest, ServiceRequest } from '#storage-engine/s3/s3-request.ts'

/** Who changes an object by this request, for those whom its bucket notifies. */
export function eventOrigin({ principal, sourceIp, requestId }: ServiceRequest): EventOrigin {
  return { principalId: principalIdOf(principal), sourceIp, requestId }
}

/** What this request does, if the bucket notifies anybody. */
export function requestEvent(request: BucketRequest, name: EventName): ObjectEvent | undefined {
  return request.bucket.settings.notification === undefined ? undefined : { name, origin: eventOrigin(request) }
}

/** `AWS:<id>`, as AWS names principals in events: by the id that IAM and ACLs show; of a role with its session. */
function principalIdOf(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'Anonymous' : `AWS:${userIdOf(principal)}`
}
