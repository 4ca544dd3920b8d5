import { StorageError } from '#storage-engine/errors.ts'
import { QUOTAS, TAG_KEY, TAG_VALUE } from '#storage-engine/iam/limits.ts'
import { checkText, memberFields, members } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import type { IamTags } from '#storage-engine/metadata/iam-entities.ts'

/**
 * `Tags.member.N`, which conditions see as aws:RequestTag and aws:TagKeys. Throws ValidationError, InvalidInput for a key
 * that comes twice, and LimitExceeded.
 */
export function readTags(request: IamRequest): IamTags {
  const tags = new Map<string, string>()
  const seen = new Set<string>()
  for (const { Key: key, Value: value } of memberFields(request.parameters, 'Tags', ['Key', 'Value'])) {
    const name = checkText('tags.key', key ?? '', TAG_KEY)
    if (seen.has(name.toLowerCase())) throw new StorageError('InvalidInput', { message: `Duplicate tag key ${name}.` })
    seen.add(name.toLowerCase())
    tags.set(name, checkText('tags.value', value ?? '', TAG_VALUE))
    request.context.set(`aws:requesttag/${name.toLowerCase()}`, [value ?? ''])
  }
  if (tags.size > 0) request.context.set('aws:tagkeys', [...tags.keys()])
  return withinQuota(Object.fromEntries(tags))
}

/** Tags of what is to be made: to give it any asks for the right to tag it, too. Throws as `readTags`, and AccessDenied. */
export function readFirstTags(
  request: IamRequest,
  { action, resource }: { action: string; resource: string },
): IamTags {
  const tags = readTags(request)
  if (Object.keys(tags).length > 0) request.check(action, resource)
  return tags
}

/** Conditions see the tags of what an operation is about. */
export function addResourceTags({ context }: IamRequest, tags: IamTags): void {
  for (const [key, value] of Object.entries(tags)) context.set(`aws:resourcetag/${key.toLowerCase()}`, [value])
}

/** `TagKeys.member.N`. Throws ValidationError. */
export function readTagKeys(request: IamRequest): string[] {
  const keys = members(request.parameters, 'TagKeys', TAG_KEY)
  if (keys.length > 0) request.context.set('aws:tagkeys', keys)
  return keys
}

/** Keys are told apart without regard to case, and keep the spelling they came with first. */
export function withTags(tags: IamTags, changes: IamTags): IamTags {
  const merged = new Map(Object.entries(tags))
  for (const [key, value] of Object.entries(changes)) {
    const known = [...merged.keys()].find((each) => each.toLowerCase() === key.toLowerCase())
    merged.set(known ?? key, value)
  }
  return withinQuota(Object.fromEntries(merged))
}

export function withoutTags(tags: IamTags, keys: readonly string[]): IamTags {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key.toLowerCase())))
}

function withinQuota(tags: IamTags): IamTags {
  if (Object.keys(tags).length <= QUOTAS.tags) return tags
  throw new StorageError('LimitExceeded', { message: `The number of tags has reached the maximum of ${QUOTAS.tags}.` })
}
