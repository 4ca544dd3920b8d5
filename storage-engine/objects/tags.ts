import { StorageError } from '#storage-engine/errors.ts'
import type { Tag } from '#storage-engine/object-settings.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const OBJECT_TAGS_MAX = 10
export const BUCKET_TAGS_MAX = 50
/** In UTF-16 units, as S3 counts. */
export const KEY_LENGTH_MAX = 128
export const VALUE_LENGTH_MAX = 256

/** Letters, digits and spaces of any script, and `+ - = . _ : / @`. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** The tags of an object in the order of their keys, in which they are read back. Throws InvalidTag. */
export function checkObjectTags(tags: readonly Tag[]): Tag[] {
  const checked = checkTags(tags)
  if (tags.length > OBJECT_TAGS_MAX) throw invalid(`Object tags cannot be greater than ${OBJECT_TAGS_MAX}`)
  return checked
}

/** The tags of a bucket in the order of their keys. Throws InvalidTag. */
export function checkBucketTags(tags: readonly Tag[]): Tag[] {
  const checked = checkTags(tags)
  if (tags.length > BUCKET_TAGS_MAX) throw invalid(`Bucket tag count cannot be greater than ${BUCKET_TAGS_MAX}`)
  return checked
}

function checkTags(tags: readonly Tag[]): Tag[] {
  const keys = new Set<string>()
  for (const [key, value] of tags) {
    if (key === '' || key.length > KEY_LENGTH_MAX || !ALLOWED.test(key)) {
      throw invalid('The TagKey you have provided is invalid', { TagKey: key })
    }
    if (value.length > VALUE_LENGTH_MAX || !ALLOWED.test(value)) {
      throw invalid('The TagValue you have provided is invalid', { TagKey: key, TagValue: value })
    }
    if (key.startsWith('aws:')) throw invalid('System tags cannot be added/updated by requester')
    if (keys.has(key)) throw invalid('Cannot provide multiple Tags with the same key', { TagKey: key })
    keys.add(key)
  }
  return [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
}

function invalid(message: string, extra: Record<string, string> = {}): StorageError {
  return new StorageError('InvalidTag', { message, extra })
}
