import { TEST_EVENT } from '#storage-engine/buckets/set-notification.ts'
import type { DueEvent } from '#storage-engine/metadata/events.ts'

/** Events that AWS added with version 2.3 of the record. */
const NEWER_EVENTS = /^(LifecycleTransition|ObjectAcl:|ObjectTagging:|ObjectRestore:Delete)/

/**
 * The body that a webhook gets: AWS's record of one event, or its test message.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function eventMessage(event: DueEvent, bucketOwner: { canonicalId: string }): string {
  return JSON.stringify(event.eventName === TEST_EVENT ? testMessage(event) : { Records: [record(event, bucketOwner)] })
}

function testMessage({ details, happenedAt }: DueEvent): Record<string, unknown> {
  return {
    Service: 'Amazon S3',
    Event: `s3:${TEST_EVENT}`,
    Time: happenedAt.toISOString(),
    Bucket: details.bucketName,
    RequestId: details.requestId,
    HostId: details.requestId,
  }
}

function record(event: DueEvent, bucketOwner: { canonicalId: string }): Record<string, unknown> {
  const { details } = event
  return {
    eventVersion: NEWER_EVENTS.test(event.eventName) ? '2.3' : '2.1',
    eventSource: 'aws:s3',
    awsRegion: details.region,
    eventTime: event.happenedAt.toISOString(),
    eventName: event.eventName,
    userIdentity: { principalId: details.principalId },
    requestParameters: { sourceIPAddress: details.sourceIp ?? 's3.amazonaws.com' },
    responseElements: { 'x-amz-request-id': details.requestId, 'x-amz-id-2': details.requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: details.configurationId,
      bucket: {
        name: details.bucketName,
        ownerIdentity: { principalId: bucketOwner.canonicalId },
        arn: `arn:aws:s3:::${details.bucketName}`,
      },
      object: objectOf(event),
    },
    ...details.extra,
  }
}

function objectOf({ id, key, size, etag, versionId }: DueEvent): Record<string, unknown> {
  return {
    key: encodeKey(key),
    ...(size !== null && { size }),
    ...(etag !== null && { eTag: etag }),
    ...(versionId !== null && { versionId }),
    sequencer: sequencerOf(id),
  }
}

/** Of two events of one key, the later one has the greater sequencer, compared as text. */
function sequencerOf(id: number): string {
  return id.toString(16).toUpperCase().padStart(16, '0')
}

/** As a form would be encoded, slashes aside: so do AWS's events. */
function encodeKey(key: string): string {
  const special = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, special)
}
