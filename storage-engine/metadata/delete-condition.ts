/** What must hold of a version when it is deleted; all that is named must. */
export interface DeleteCondition {
  /** Its etag without quotes, or `*`: any. */
  ifMatch?: string
  /** Compared in whole seconds, as HTTP dates have them. */
  lastModified?: Date
  size?: number
  /** Its stored id, for whoever looked before and means that very version: a missing one does not meet this. */
  storedVersionId?: string
  /** That there is a newer version. */
  isNoncurrent?: true
}

export interface Judged {
  /** As it is stored. */
  versionId: string
  etag: string
  size: number
  lastModified: Date
  isCurrent: boolean
}

/**
 * S3's conditions are about a version that exists: a missing one meets them, as its deletion is done already.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export function isMet(condition: DeleteCondition | null, version: Judged | null): boolean {
  if (condition === null) return true
  const { ifMatch, lastModified, size, storedVersionId, isNoncurrent } = condition
  if (version === null) return storedVersionId === undefined
  return (
    (ifMatch === undefined || ifMatch === '*' || ifMatch === version.etag) &&
    (lastModified === undefined || wholeSeconds(lastModified) === wholeSeconds(version.lastModified)) &&
    (size === undefined || size === version.size) &&
    (storedVersionId === undefined || storedVersionId === version.versionId) &&
    (isNoncurrent === undefined || !version.isCurrent)
  )
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
