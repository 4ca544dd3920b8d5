import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { group, memberList, time } from '#storage-engine/iam/answer.ts'
import { ACCESS_KEY_ID, QUOTAS } from '#storage-engine/iam/limits.ts'
import { arnOf, rootArnOf } from '#storage-engine/iam/names.ts'
import { type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { pageOf, readPage } from '#storage-engine/iam/page.ts'
import { requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { type NamedUser, userOrCaller } from '#storage-engine/iam/user.ts'
import { deleteAccessKey, setAccessKeyState } from '#storage-engine/metadata/accounts.ts'
import {
  findKeyWithHolder,
  type HeldAccessKey,
  type KeyWithHolder,
  listKeysOfHolder,
} from '#storage-engine/metadata/iam-access-keys.ts'
import { element } from '#storage-engine/xml-text.ts'

export const ACCESS_KEY_OPERATIONS: IamOperation[] = [
  operation('CreateAccessKey', userOrCaller, createAccessKey),
  operation('ListAccessKeys', userOrCaller, listAccessKeys),
  operation('UpdateAccessKey', userOrCaller, updateAccessKey),
  operation('DeleteAccessKey', userOrCaller, deleteKey),
  operation('GetAccessKeyLastUsed', keyWithHolder, getAccessKeyLastUsed),
]

async function createAccessKey({ engine, namespaceId, audit }: IamRequest, user: NamedUser): Promise<string> {
  const holder = user.kind === 'user' ? { storageAccountId: user.id } : { objectUserId: user.id }
  const keysMax = QUOTAS.accessKeysPerUser
  const { accessKeyId, secretAccessKey } = await issueAccessKey(engine, { namespaceId, keysMax, ...holder })
  audit.details['AccessKeyId'] = accessKeyId
  const [key] = (await keysOf({ engine, namespaceId }, user)).filter((each) => each.accessKeyId === accessKeyId)
  if (key === undefined) throw new StorageError('NoSuchEntity')
  return group('AccessKey', keyXml(user, key) + element('SecretAccessKey', secretAccessKey))
}

async function listAccessKeys(request: IamRequest, user: NamedUser): Promise<string> {
  const page = readPage(request.parameters)
  const keys = (await keysOf(request, user)).toSorted((a, b) => (a.accessKeyId < b.accessKeyId ? -1 : 1))
  const { items, end } = pageOf(keys, page, ({ accessKeyId }) => accessKeyId)
  return (
    memberList(
      'AccessKeyMetadata',
      items.map((key) => keyXml(user, key)),
    ) + end
  )
}

async function updateAccessKey(request: IamRequest, user: NamedUser): Promise<null> {
  const { engine, namespaceId, parameters } = request
  const status = requiredText(parameters, 'Status', { lengthMax: 8, pattern: /^(?:Active|Inactive)$/ })
  const { accessKeyId } = await getOwnKey(request, user)
  await setAccessKeyState(engine.db, {
    namespaceId,
    accessKeyId,
    state: status === 'Active' ? 'active' : 'inactive',
  })
  return null
}

async function deleteKey(request: IamRequest, user: NamedUser): Promise<null> {
  const { accessKeyId } = await getOwnKey(request, user)
  await deleteAccessKey(request.engine.db, { namespaceId: request.namespaceId, accessKeyId })
  return null
}

async function getOwnKey(request: IamRequest, user: NamedUser): Promise<HeldAccessKey> {
  const accessKeyId = requiredText(request.parameters, 'AccessKeyId', ACCESS_KEY_ID)
  const key = (await keysOf(request, user)).find((each) => each.accessKeyId === accessKeyId)
  if (key !== undefined) return key
  throw new StorageError('NoSuchEntity', { message: `The Access Key with id ${accessKeyId} cannot be found.` })
}

function keysOf(
  { engine, namespaceId }: Pick<IamRequest, 'engine' | 'namespaceId'>,
  { kind, id }: NamedUser,
): Promise<HeldAccessKey[]> {
  return listKeysOfHolder(engine.db, { namespaceId, holder: { kind, id } })
}

async function keyWithHolder(request: IamRequest): Promise<Found<KeyWithHolder>> {
  const { engine, namespaceId, parameters } = request
  const accessKeyId = requiredText(parameters, 'AccessKeyId', ACCESS_KEY_ID)
  const target = await findKeyWithHolder(engine.db, { namespaceId, accessKeyId })
  const resource =
    target === null ? '*' : target.holder === null ? rootArnOf(request) : arnOf(request, 'user', target.holder)
  return { resource, target, missing: `The Access Key with id ${accessKeyId} cannot be found.` }
}

async function getAccessKeyLastUsed(request: IamRequest, key: KeyWithHolder): Promise<string> {
  const { lastUsedAt, lastUsedService, holder } = key
  const used = [
    lastUsedAt === null ? '' : element('LastUsedDate', time(lastUsedAt)),
    element('ServiceName', lastUsedService ?? 'N/A'),
    element('Region', lastUsedAt === null ? 'N/A' : request.engine.config.region),
  ]
  return element('UserName', holder?.name ?? null) + group('AccessKeyLastUsed', used.join(''))
}

function keyXml(user: NamedUser, { accessKeyId, state, createdAt }: HeldAccessKey): string {
  return [
    user.isRoot ? '' : element('UserName', user.name),
    element('AccessKeyId', accessKeyId),
    element('Status', state === 'active' ? 'Active' : 'Inactive'),
    element('CreateDate', time(createdAt)),
  ].join('')
}
