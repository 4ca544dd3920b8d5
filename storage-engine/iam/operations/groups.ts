import { StorageError } from '#storage-engine/errors.ts'
import { group, groupXml, memberList } from '#storage-engine/iam/answer.ts'
import { iamGroup } from '#storage-engine/iam/group-and-role.ts'
import { QUOTAS, USER_NAME } from '#storage-engine/iam/limits.ts'
import { listEntities, type NameAndPath, newEntity, readMove } from '#storage-engine/iam/named-entity.ts'
import { account, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { cutPage, pageOf, readPage } from '#storage-engine/iam/page.ts'
import { requiredText } from '#storage-engine/iam/parameters.ts'
import { checkCount, checkQuota, nothingLeft } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { storageAccount, userXml } from '#storage-engine/iam/user.ts'
import { newId } from '#storage-engine/ids.ts'
import {
  deleteIamEntity,
  findIamEntity,
  type IamGroup,
  type IamUser,
  insertIamGroup,
  renameIamEntity,
} from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import {
  addGroupMember,
  listGroupMembers,
  listGroupsOfUser,
  removeGroupMember,
} from '#storage-engine/metadata/iam-group-members.ts'

export const GROUP_OPERATIONS: IamOperation[] = [
  operation('CreateGroup', (request) => newEntity(request, 'group'), createGroup),
  operation('GetGroup', iamGroup, getGroup),
  operation('ListGroups', account, (request) =>
    listEntities(request, { kind: 'group', xml: (each) => groupXml(request, each) }),
  ),
  operation('UpdateGroup', iamGroup, updateGroup),
  operation('DeleteGroup', iamGroup, deleteGroup),
  operation('AddUserToGroup', iamGroup, addUserToGroup),
  operation('RemoveUserFromGroup', iamGroup, removeUserFromGroup),
  operation('ListGroupsForUser', storageAccount, listGroupsForUser),
]

async function createGroup(request: IamRequest, { name, path }: NameAndPath): Promise<string> {
  const { engine, namespaceId } = request
  const created = await changeIam(engine.db, { namespaceId }, async (tx) => {
    await checkQuota(tx, { namespaceId, kind: 'group' })
    await insertIamGroup(tx, { id: newId(), namespaceId, name, path })
    return (await findIamEntity(tx, { kind: 'group', namespaceId, name })) as IamGroup
  })
  return group('Group', groupXml(request, created))
}

async function getGroup(request: IamRequest, found: IamGroup): Promise<string> {
  const page = readPage(request.parameters)
  const members = await listGroupMembers(request.engine.db, {
    groupId: found.id,
    after: page.after,
    limit: page.limit + 1,
  })
  const { items, end } = cutPage(members, page, ({ name }) => name.toLowerCase())
  const users = items.map((user) => userXml(request, { ...user, tags: {}, kind: 'user', isRoot: false }))
  return group('Group', groupXml(request, found)) + memberList('Users', users) + end
}

async function updateGroup(request: IamRequest, found: IamGroup): Promise<null> {
  const { engine, namespaceId } = request
  const moved = readMove(request, 'group', found)
  await changeIam(engine.db, { namespaceId }, (tx) => renameIamEntity(tx, { kind: 'group', id: found.id, ...moved }))
  return null
}

async function deleteGroup({ engine, namespaceId }: IamRequest, { id }: IamGroup): Promise<null> {
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    if ((await listGroupMembers(tx, { groupId: id, after: '', limit: 1 })).length > 0) {
      throw new StorageError('DeleteConflict', { message: 'Cannot delete entity, must remove users from group first.' })
    }
    await nothingLeft(tx, { kind: 'group', id })
    await deleteIamEntity(tx, { kind: 'group', id })
  })
  return null
}

async function addUserToGroup(request: IamRequest, { id: groupId }: IamGroup): Promise<null> {
  const { id: userId } = await getUser(request)
  const { engine, namespaceId } = request
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const groups = await listGroupsOfUser(tx, { userId })
    if (groups.some(({ id }) => id === groupId)) return
    checkCount(groups.length, QUOTAS.groupsPerUser, 'GroupsPerUser')
    await addGroupMember(tx, { groupId, userId })
  })
  return null
}

async function removeUserFromGroup(request: IamRequest, { id: groupId }: IamGroup): Promise<null> {
  const { id: userId, name } = await getUser(request)
  const { engine, namespaceId } = request
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    if (await removeGroupMember(tx, { groupId, userId })) return
    throw new StorageError('NoSuchEntity', { message: `The user with name ${name} is not in the group.` })
  })
  return null
}

/** The right to a group's members is one on the group. */
async function getUser({ engine, namespaceId, parameters }: IamRequest): Promise<IamUser> {
  const name = requiredText(parameters, 'UserName', USER_NAME)
  const user = await findIamEntity(engine.db, { kind: 'user', namespaceId, name })
  if (user !== null) return user
  throw new StorageError('NoSuchEntity', { message: `The user with name ${name} cannot be found.` })
}

async function listGroupsForUser(request: IamRequest, { id }: IamUser): Promise<string> {
  const groups = await listGroupsOfUser(request.engine.db, { userId: id })
  const { items, end } = pageOf(groups, readPage(request.parameters), ({ name }) => name.toLowerCase())
  return (
    memberList(
      'Groups',
      items.map((each) => groupXml(request, each)),
    ) + end
  )
}
