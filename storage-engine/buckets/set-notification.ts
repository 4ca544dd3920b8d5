import type { NotificationConfiguration } from '#storage-engine/bucket-settings.ts'
import { checkDestinations } from '#storage-engine/buckets/check-notification.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { insertEvent } from '#storage-engine/metadata/events.ts'
import { listWebhooks } from '#storage-engine/metadata/webhooks.ts'
import type { EventOrigin } from '#storage-engine/objects/object-event.ts'

/** What each target of a new configuration gets first, so that a receiver can see that it is reached. */
export const TEST_EVENT = 'TestEvent'

/**
 * Sets a checked configuration; none of targets removes it. Each target is sent a test event.
 * Throws InvalidArgument for an ARN behind which there is no webhook unless `isTrusted`, and NoSuchBucket.
 */
export async function setNotification(
  engine: Engine,
  input: { bucket: Bucket; configuration: NotificationConfiguration; isTrusted: boolean; origin: EventOrigin },
): Promise<void> {
  const { bucket, configuration, isTrusted, origin } = input
  const { targets } = configuration
  if (!isTrusted && targets.length > 0) {
    const webhooks = await listWebhooks(engine.db, { namespaceId: bucket.namespaceId })
    checkDestinations(configuration, new Set(webhooks.map(({ name }) => name)))
  }
  const details = { bucketName: bucket.name, bucketOwnerId: bucket.ownerId, region: bucket.region, ...origin }
  await engine.db.transaction(async (tx) => {
    const value = targets.length === 0 ? null : configuration
    await setBucketSetting(tx, { bucketId: bucket.id, name: 'notification', value })
    for (const { arn, id } of targets) {
      await insertEvent(tx, {
        bucketId: bucket.id,
        key: '',
        name: TEST_EVENT,
        pending: { details, targets: { [TEST_EVENT]: { arn, configurationId: id } } },
        versionId: null,
        size: null,
        etag: null,
      })
    }
  })
}
