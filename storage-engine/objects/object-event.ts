import { includesEvent } from '#storage-engine/buckets/event-names.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import type { PendingEvents } from '#storage-engine/metadata/events.ts'

/** Who changes an object, and how the change is known to others. */
export interface EventOrigin {
  /** As events name principals. */
  principalId: string
  /** The client's address; null when there is no client. */
  sourceIp: string | null
  requestId: string
}

/** `ObjectCreated:Put`: what AWS calls `s3:ObjectCreated:Put` in a configuration. */
export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed'
  | 'ObjectRestore:Delete'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition'

/** What a door says of a change that it asks for: what it would be called, and who wants it. */
export interface ObjectEvent {
  name: EventName
  origin: EventOrigin
}

/** The event of a change, if the bucket's configuration asks for it. At no cost for a bucket that notifies nobody. */
export function pendingEvent(bucket: Bucket, key: string, event: ObjectEvent | undefined): PendingEvents | null {
  if (bucket.settings.notification === undefined || event === undefined) return null
  return pendingEvents(bucket, { key, names: [event.name], origin: event.origin })
}

/** The events of those names that the bucket's configuration asks for; null when it asks for none of them. */
export function pendingEvents(
  bucket: Bucket,
  {
    key,
    names,
    origin,
    extra,
  }: { key: string; names: readonly EventName[]; origin: EventOrigin; extra?: Record<string, unknown> },
): PendingEvents | null {
  const targets: PendingEvents['targets'] = {}
  for (const { id, arn, events, prefix = '', suffix = '' } of bucket.settings.notification?.targets ?? []) {
    if (!key.startsWith(prefix) || !key.endsWith(suffix)) continue
    for (const name of names) {
      if (events.some((pattern) => includesEvent(pattern, `s3:${name}`))) targets[name] = { arn, configurationId: id }
    }
  }
  if (Object.keys(targets).length === 0) return null
  const details = {
    bucketName: bucket.name,
    bucketOwnerId: bucket.ownerId,
    region: bucket.region,
    ...origin,
    ...(extra && { extra }),
  }
  return { details, targets }
}
