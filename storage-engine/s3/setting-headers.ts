import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectSettings, Tag } from '#storage-engine/object-settings.ts'
import { checkStorageClass, restoredUntil } from '#storage-engine/objects/storage-class.ts'
import { lockHeaders } from '#storage-engine/s3/object-lock-headers.ts'
import type { RequestAccess } from '#storage-engine/s3/request-access.ts'
import type { ObjectRequest } from '#storage-engine/s3/s3-request.ts'
import { parseTaggingHeader } from '#storage-engine/s3/tagging-header.ts'

const STORAGE_CLASS = 'x-amz-storage-class'
const RESTORE = 'x-amz-restore'
const REDIRECT = 'x-amz-website-redirect-location'
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html */
export const REDIRECT_LENGTH_MAX = 2048

interface Asked {
  engine: Engine
  headers: Headers
  access: RequestAccess
}

/**
 * Tags, storage class and website redirect that the headers of a write ask for; null when none do, as of most writes.
 * Throws InvalidArgument, InvalidTag, InvalidStorageClass, InvalidRedirectLocation, and AccessDenied to who may not set tags.
 */
export function readObjectSettings(asked: Asked): ObjectSettings | null {
  return combineSettings(readTags(asked), asked)
}

/** Of a copy: the tags come from the source, unless the request replaces them. Class and redirect are never copied. */
export function readCopySettings(
  asked: Asked,
  findSourceTags: () => readonly Tag[] | undefined,
): ObjectSettings | null {
  const isReplacing = asked.headers.get('x-amz-tagging-directive') === 'REPLACE'
  const tags = isReplacing ? readTags(asked) : (findSourceTags() ?? null)
  if (!isReplacing && tags !== null) asked.access.check('s3:PutObjectTagging')
  return combineSettings(tags, asked)
}

function combineSettings(tags: readonly Tag[] | null, { engine, headers }: Asked): ObjectSettings | null {
  const websiteRedirect = readRedirect(headers)
  const named = headers.get(STORAGE_CLASS)
  const storageClass = named === undefined ? undefined : checkStorageClass(engine.config, named)
  if (tags === null && websiteRedirect === null && storageClass === undefined) return null
  return {
    ...(tags === null ? {} : { tags }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(websiteRedirect === null ? {} : { websiteRedirect }),
  }
}

function readTags({ headers, access }: Asked): readonly Tag[] | null {
  const header = headers.get('x-amz-tagging')
  if (header === undefined) return null
  const tags = parseTaggingHeader(header)
  if (tags === null) return null
  // Nobody has no policy in which tagging could stand: where anybody may write, anybody may tag what is written.
  if (access.principal.kind === 'anonymous') access.checkNotDenied('s3:PutObjectTagging')
  else access.check('s3:PutObjectTagging')
  return tags
}

function readRedirect(headers: Headers): string | null {
  const location = headers.get(REDIRECT)
  if (location === undefined) return null
  if (!/^(?:\/|https?:\/\/)/.test(location)) {
    throw new StorageError('InvalidRedirectLocation', {
      message: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    })
  }
  if (location.length > REDIRECT_LENGTH_MAX) {
    throw new StorageError('InvalidRedirectLocation', {
      message: `The length of website redirect location cannot exceed ${REDIRECT_LENGTH_MAX} characters.`,
    })
  }
  return location
}

/** What GET and HEAD say of a version's settings and lock, as far as the caller may know them. */
export function settingHeaders({ object, access }: Pick<ObjectRequest, 'object' | 'access'>): string[] {
  const { settings, lock } = object
  const headers = lock === null ? [] : lockHeaders(lock, access)
  if (settings?.websiteRedirect !== undefined) headers.push(REDIRECT, settings.websiteRedirect)
  if (settings?.storageClass !== undefined) headers.push(STORAGE_CLASS, settings.storageClass)
  const until = restoredUntil(settings, Date.now())
  if (until !== null) headers.push(RESTORE, `ongoing-request="false", expiry-date="${until.toUTCString()}"`)
  const tagCount = settings?.tags?.length ?? 0
  if (tagCount > 0 && access.allows('s3:GetObjectTagging')) headers.push('x-amz-tagging-count', String(tagCount))
  return headers
}
