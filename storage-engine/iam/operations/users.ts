import { StorageError } from '#storage-engine/errors.ts'
import { group } from '#storage-engine/iam/answer.ts'
import { listEntities, type NameAndPath, newTaggedEntity, readMove } from '#storage-engine/iam/named-entity.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import { account, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { refuseParameters } from '#storage-engine/iam/parameters.ts'
import { checkQuota, nothingLeft } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readFirstTags } from '#storage-engine/iam/tags.ts'
import { storageAccount, userOrCaller, userXml } from '#storage-engine/iam/user.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findObjectUserByCanonicalId, listKeysOfHolder } from '#storage-engine/metadata/iam-access-keys.ts'
import {
  deleteIamEntity,
  findIamEntity,
  type IamUser,
  insertIamUser,
  renameIamEntity,
} from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'

export const USER_OPERATIONS: IamOperation[] = [
  operation('CreateUser', (request) => newTaggedEntity(request, 'user'), createUser),
  operation('GetUser', userOrCaller, async (request, user) => group('User', userXml(request, user))),
  operation('ListUsers', account, listUsers),
  operation('UpdateUser', storageAccount, updateUser),
  operation('DeleteUser', storageAccount, deleteUser),
]

async function createUser(request: IamRequest, { name, path }: NameAndPath): Promise<string> {
  const { engine, namespaceId, parameters } = request
  refuseParameters(parameters, ['PermissionsBoundary'], 'Permissions boundaries')
  const tags = readFirstTags(request, { action: 'iam:TagUser', resource: arnOf(request, 'user', { path, name }) })
  const user = await changeIam(engine.db, { namespaceId }, async (tx) => {
    await checkQuota(tx, { namespaceId, kind: 'user' })
    await refuseObjectUsersName(tx, { namespaceId, name })
    await insertIamUser(tx, { id: newId(), namespaceId, name, path, tags })
    return (await findIamEntity(tx, { kind: 'user', namespaceId, name })) as IamUser
  })
  return group('User', userXml(request, { ...user, kind: 'user', isRoot: false }))
}

function listUsers(request: IamRequest): Promise<string> {
  const xml = (user: IamUser) => userXml(request, { ...user, tags: {}, kind: 'user', isRoot: false })
  return listEntities(request, { kind: 'user', xml })
}

async function updateUser(request: IamRequest, found: IamUser): Promise<null> {
  const { engine, namespaceId } = request
  const moved = readMove(request, 'user', found)
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    await refuseObjectUsersName(tx, { namespaceId, name: moved.name })
    await renameIamEntity(tx, { kind: 'user', id: found.id, ...moved })
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
