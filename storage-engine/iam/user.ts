import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { tagsXml, time } from '#storage-engine/iam/answer.ts'
import { USER_NAME } from '#storage-engine/iam/limits.ts'
import { arnOf, rootArnOf } from '#storage-engine/iam/names.ts'
import type { Found } from '#storage-engine/iam/operation.ts'
import { optionalText, requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { addResourceTags } from '#storage-engine/iam/tags.ts'
import { findObjectUserByCanonicalId } from '#storage-engine/metadata/iam-access-keys.ts'
import { findIamEntity, type IamTags, type IamUser } from '#storage-engine/metadata/iam-entities.ts'
import { element } from '#storage-engine/xml-text.ts'

/**
 * Whom IAM calls a user: a storage account, or an object user by its canonical id. The root object user goes by no name,
 * so that nobody can be given rights over it; it is there only for itself.
 */
export interface NamedUser {
  kind: 'user' | 'object-user'
  id: string
  name: string
  path: string
  tags: IamTags
  createdAt: Date
  isRoot: boolean
}

const CANONICAL_ID = /^[0-9a-f]{64}$/

/** The user in UserName. */
export async function user(request: IamRequest): Promise<Found<NamedUser>> {
  return foundUser(request, requiredText(request.parameters, 'UserName', USER_NAME))
}

/** The user in UserName, or whoever asks. */
export async function userOrCaller(request: IamRequest): Promise<Found<NamedUser>> {
  const name = optionalText(request.parameters, 'UserName', USER_NAME)
  if (name !== null) return foundUser(request, name)
  const { caller } = request
  if (caller.kind === 'role-session') {
    throw new StorageError('ValidationError', {
      message: 'Must specify userName when calling with non-User credentials',
    })
  }
  if (caller.kind === 'storage-account') return foundUser(request, caller.name)
  const { namespaceId } = request
  const found = await findObjectUserByCanonicalId(request.engine.db, { namespaceId, canonicalId: caller.canonicalId })
  const target = found === null ? null : objectUserOf(found)
  return { resource: target === null ? '*' : userArn(request, target), target, missing: 'The user cannot be found.' }
}

/** The storage account in UserName; object users are no users that IAM made, so it cannot change them. */
export async function storageAccount(request: IamRequest): Promise<Found<IamUser>> {
  const found = await user(request)
  if (found.target === null) return { ...found, target: null }
  return { ...found, target: found.target.kind === 'user' ? found.target : null }
}

async function foundUser(request: IamRequest, name: string): Promise<Found<NamedUser>> {
  const target = await findUser(request, name)
  const resource = userArn(request, target ?? { isRoot: false, path: '/', name })
  addResourceTags(request, target?.tags ?? {})
  return { resource, target, missing: `The user with name ${name} cannot be found.` }
}

async function findUser({ engine, namespaceId }: IamRequest, name: string): Promise<NamedUser | null> {
  const found = await findIamEntity(engine.db, { kind: 'user', namespaceId, name })
  if (found !== null) return { ...found, kind: 'user', isRoot: false }
  if (!CANONICAL_ID.test(name)) return null
  const objectUser = await findObjectUserByCanonicalId(engine.db, { namespaceId, canonicalId: name })
  return objectUser === null || objectUser.isRoot ? null : objectUserOf(objectUser)
}

function objectUserOf(found: { id: string; canonicalId: string; isRoot: boolean; createdAt: Date }): NamedUser {
  const { id, canonicalId: name, isRoot, createdAt } = found
  return { kind: 'object-user', id, name, path: '/', tags: {}, createdAt, isRoot }
}

function userArn(
  account: { accountId: string },
  { isRoot, path, name }: Pick<NamedUser, 'isRoot' | 'path' | 'name'>,
): string {
  return isRoot ? rootArnOf(account) : arnOf(account, 'user', { path, name })
}

export function userXml(account: { accountId: string }, user: NamedUser): string {
  const { id, kind, name, path, tags, createdAt, isRoot } = user
  const ownId = isRoot && account.accountId !== '' ? account.accountId : name
  return [
    element('Path', path),
    // AWS's root user has no name either.
    isRoot ? '' : element('UserName', name),
    element('UserId', kind === 'user' ? uniqueIdOf('user', id) : ownId),
    element('Arn', userArn(account, user)),
    element('CreateDate', time(createdAt)),
    Object.keys(tags).length === 0 ? '' : tagsXml(tags),
  ].join('')
}
