/**
 * Events that a notification may name. Those of features that Sceau has not (replication, tiering by access) are taken
 * and never happen. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
 */
const EVENTS: Record<string, readonly string[]> = {
  ObjectCreated: ['Put', 'Post', 'Copy', 'CompleteMultipartUpload'],
  ObjectRemoved: ['Delete', 'DeleteMarkerCreated'],
  ObjectRestore: ['Post', 'Completed', 'Delete'],
  ObjectTagging: ['Put', 'Delete'],
  LifecycleExpiration: ['Delete', 'DeleteMarkerCreated'],
  Replication: [
    'OperationFailedReplication',
    'OperationMissedThreshold',
    'OperationReplicatedAfterThreshold',
    'OperationNotTracked',
  ],
}
const SINGLE_EVENTS = ['ReducedRedundancyLostObject', 'LifecycleTransition', 'IntelligentTiering', 'ObjectAcl:Put']

const SUBSCRIBABLE: ReadonlySet<string> = new Set([
  ...SINGLE_EVENTS.map((name) => `s3:${name}`),
  ...Object.entries(EVENTS).flatMap(([family, names]) => ['*', ...names].map((name) => `s3:${family}:${name}`)),
])

/** Whether S3 knows what a configuration subscribes to: `s3:ObjectCreated:Put`, `s3:ObjectCreated:*`. */
export function isSubscribable(pattern: string): boolean {
  return SUBSCRIBABLE.has(pattern)
}

/** Whether a subscription includes another one, or an event by its full name. */
export function includesEvent(pattern: string, name: string): boolean {
  return pattern === name || (pattern.endsWith(':*') && name.startsWith(pattern.slice(0, -1)))
}
