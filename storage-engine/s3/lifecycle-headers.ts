import type { BucketSettings } from '#storage-engine/bucket-settings.ts'
import {
  currentExpiry,
  DAY_MS,
  type Due,
  type Rules,
  type Subject,
  uploadAbort,
} from '#storage-engine/buckets/lifecycle-due.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'

const NONE: string[] = []

/**
 * When the current version of a key expires, and by which rule; nothing where no rule says so. Days are real ones, whatever
 * the lifecycle job takes for a day. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export function expirationHeaders(
  bucket: Bucket,
  version: Omit<Subject, 'tags'> & { tags: Subject['tags'] | undefined; lastModified: Date },
): string[] {
  const { lifecycle } = bucket.settings
  if (lifecycle === undefined) return NONE
  const { tags = [], lastModified, ...subject } = version
  const due = currentExpiry(rulesOf(lifecycle), { ...subject, tags }, lastModified.getTime())
  return due === null ? NONE : ['x-amz-expiration', `expiry-date="${dateOf(due)}", rule-id="${idOf(due)}"`]
}

/** When an upload is aborted unless it is completed, and by which rule. */
export function abortHeaders(bucket: Bucket, { key, createdAt }: { key: string; createdAt: Date }): string[] {
  const { lifecycle } = bucket.settings
  if (lifecycle === undefined) return NONE
  const due = uploadAbort(rulesOf(lifecycle), key, createdAt.getTime())
  return due === null ? NONE : ['x-amz-abort-date', dateOf(due), 'x-amz-abort-rule-id', idOf(due)]
}

function rulesOf({ rules }: NonNullable<BucketSettings['lifecycle']>): Rules {
  return { rules, dayMs: DAY_MS }
}

function dateOf({ at }: Due): string {
  return new Date(at).toUTCString()
}

function idOf({ ruleId }: Due): string {
  return encodeURIComponent(ruleId)
}
