import { StorageError } from '#storage-engine/errors.ts'
import { group, memberList } from '#storage-engine/iam/answer.ts'
import { PATH, PATH_PREFIX, USER_NAME } from '#storage-engine/iam/limits.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import { account, type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { cutPage, readPage } from '#storage-engine/iam/page.ts'
import { optionalText, refuseParameters, requiredText } from '#storage-engine/iam/parameters.ts'
import { checkQuota, nothingLeft } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readTags } from '#storage-engine/iam/tags.ts'
import { storageAccount, userOrCaller, userXml } from '#storage-engine/iam/user.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findObjectUserByCanonicalId, listKeysOfHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import {
  deleteIamEntity,
  findIamEntity,
  type IamUser,
  insertIamUser,
  listIamEntities,
  renameIamEntity,
} from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'

export const USER_OPERATIONS: IamOperation[] = [
  operation('CreateUser', newUser, createUser),
  operation('GetUser', userOrCaller, async (request, user) => group('User', userXml(request, user))),
  operation('ListUsers', account, listUsers),
  operation('UpdateUser', storageAccount, updateUser),
  operation('DeleteUser', storageAccount, deleteUser),
]

function newUser(request: IamRequest): Found<{ name: string; path: string }> {
  const name = requiredText(request.parameters, 'UserName', USER_NAME)
  const path = optionalText(request.parameters, 'Path', PATH) ?? '/'
  // Whether something may be made can depend on its tags.
  readTags(request)
  return { resource: arnOf(request, 'user', { path, name }), target: { name, path }, missing: '' }
}

async function createUser(request: IamRequest, { name, path }: { name: string; path: string }): Promise<string> {
  const { engine, namespaceId, parameters } = request
  refuseParameters(parameters, ['PermissionsBoundary'], 'Permissions boundaries')
  const tags = readTags(request)
  if (Object.keys(tags).length > 0) request.check('iam:TagUser', arnOf(request, 'user', { path, name }))
  const user = await changeIam(engine.db, { namespaceId }, async (tx) => {
    await checkQuota(tx, { namespaceId, kind: 'user' })
    await refuseObjectUsersName(tx, { namespaceId, name })
    await insertIamUser(tx, { id: newId(), namespaceId, name, path, tags })
    return (await findIamEntity(tx, { kind: 'user', namespaceId, name })) as IamUser
  })
  return group('User', userXml(request, { ...user, kind: 'user', isRoot: false }))
}

async function listUsers(request: IamRequest): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const pathPrefix = optionalText(parameters, 'PathPrefix', PATH_PREFIX) ?? '/'
  const page = readPage(parameters)
  const found = await listIamEntities(engine.db, {
    kind: 'user',
    namespaceId,
    pathPrefix,
    after: page.after,
    limit: page.limit + 1,
  })
  const { items, end } = cutPage(found, page, ({ name }) => name.toLowerCase())
  const users = items.map((user) => userXml(request, { ...user, tags: {}, kind: 'user', isRoot: false }))
  return memberList('Users', users) + end
}

/** Moving a user needs the right on the user as it will be, too. */
async function updateUser(request: IamRequest, { id, name, path }: IamUser): Promise<null> {
  const { engine, namespaceId, parameters } = request
  const newName = optionalText(parameters, 'NewUserName', USER_NAME) ?? name
  const newPath = optionalText(parameters, 'NewPath', PATH) ?? path
  request.check('iam:UpdateUser', arnOf(request, 'user', { path: newPath, name: newName }))
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    await refuseObjectUsersName(tx, { namespaceId, name: newName })
    await renameIamEntity(tx, { kind: 'user', id, name: newName, path: newPath })
  })
  return null
}

/** Policies name an object user by its canonical id: whoever went by it too would take over its rights. */
async function refuseObjectUsersName(
  tx: Queryable,
  { namespaceId, name }: { namespaceId: string; name: string },
): Promise<void> {
  if ((await findObjectUserByCanonicalId(tx, { namespaceId, canonicalId: name.toLowerCase() })) === null) return
  throw new StorageError('EntityAlreadyExists', { message: 'A user of this name exists already.' })
}

/** Its memberships of groups end with it. */
async function deleteUser({ engine, namespaceId }: IamRequest, { id }: IamUser): Promise<null> {
  const holder = { kind: 'user', id } as const
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    if ((await listKeysOfHolder(tx, { namespaceId, holder })).length > 0) {
      throw new StorageError('DeleteConflict', { message: 'Cannot delete entity, must delete access keys first.' })
    }
    await nothingLeft(tx, holder)
    await deleteIamEntity(tx, { kind: 'user', id })
  })
  return null
}
