import { StorageError } from '#storage-engine/errors.ts'
import { group, roleXml } from '#storage-engine/iam/answer.ts'
import { iamRole } from '#storage-engine/iam/group-and-role.ts'
import {
  DESCRIPTION,
  ROLE_SECONDS_MAX,
  SESSION_SECONDS_DEFAULT,
  TRUST_POLICY_SIZE,
} from '#storage-engine/iam/limits.ts'
import { listEntities, type NameAndPath, newTaggedEntity } from '#storage-engine/iam/named-entity.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import { account, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { optionalInteger, optionalText, refuseParameters, requiredText } from '#storage-engine/iam/parameters.ts'
import { readPolicyDocument, sizeOfPolicy } from '#storage-engine/iam/policy-document.ts'
import { checkQuota, nothingLeft } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readFirstTags } from '#storage-engine/iam/tags.ts'
import { newId } from '#storage-engine/ids.ts'
import {
  deleteIamEntity,
  findIamEntity,
  type IamRole,
  insertIamRole,
  updateIamRole,
} from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'

/** A role may be assumed for an hour at least. */
const SECONDS = { min: SESSION_SECONDS_DEFAULT, max: ROLE_SECONDS_MAX }

export const ROLE_OPERATIONS: IamOperation[] = [
  operation('CreateRole', (request) => newTaggedEntity(request, 'role'), createRole),
  operation('GetRole', iamRole, async (request, role) => group('Role', roleXml(request, role))),
  operation('ListRoles', account, (request) =>
    listEntities(request, { kind: 'role', xml: (role) => roleXml(request, { ...role, tags: {} }) }),
  ),
  operation('UpdateRole', iamRole, updateRole),
  operation('UpdateRoleDescription', iamRole, updateRoleDescription),
  operation('UpdateAssumeRolePolicy', iamRole, updateAssumeRolePolicy),
  operation('DeleteRole', iamRole, deleteRole),
]

async function createRole(request: IamRequest, { name, path }: NameAndPath): Promise<string> {
  const { engine, namespaceId, parameters } = request
  refuseParameters(parameters, ['PermissionsBoundary'], 'Permissions boundaries')
  const trustPolicy = readTrustPolicy(request, 'AssumeRolePolicyDocument')
  const description = optionalText(parameters, 'Description', DESCRIPTION)
  const maxSessionSeconds = optionalInteger(parameters, 'MaxSessionDuration', SECONDS) ?? SESSION_SECONDS_DEFAULT
  const tags = readFirstTags(request, { action: 'iam:TagRole', resource: arnOf(request, 'role', { path, name }) })
  const role = await changeIam(engine.db, { namespaceId }, async (tx) => {
    await checkQuota(tx, { namespaceId, kind: 'role' })
    await insertIamRole(tx, {
      id: newId(),
      namespaceId,
      name,
      path,
      description,
      trustPolicy,
      maxSessionSeconds,
      tags,
    })
    return (await findIamEntity(tx, { kind: 'role', namespaceId, name })) as IamRole
  })
  return group('Role', roleXml(request, role))
}

/** A description that is not named stays; the longest session goes back to its default. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html */
async function updateRole({ engine, namespaceId, parameters }: IamRequest, { id }: IamRole): Promise<string> {
  const description = optionalText(parameters, 'Description', DESCRIPTION)
  const maxSessionSeconds = optionalInteger(parameters, 'MaxSessionDuration', SECONDS) ?? SESSION_SECONDS_DEFAULT
  await changeIam(engine.db, { namespaceId }, (tx) => updateIamRole(tx, { id, description, maxSessionSeconds }))
  return ''
}

async function updateRoleDescription(request: IamRequest, role: IamRole): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const description = requiredText(parameters, 'Description', DESCRIPTION)
  await changeIam(engine.db, { namespaceId }, (tx) => updateIamRole(tx, { id: role.id, description }))
  return group('Role', roleXml(request, { ...role, description }))
}

async function updateAssumeRolePolicy(request: IamRequest, { id }: IamRole): Promise<null> {
  const { engine, namespaceId } = request
  const trustPolicy = readTrustPolicy(request, 'PolicyDocument')
  await changeIam(engine.db, { namespaceId }, (tx) => updateIamRole(tx, { id, trustPolicy }))
  return null
}

async function deleteRole({ engine, namespaceId }: IamRequest, { id }: IamRole): Promise<null> {
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    await nothingLeft(tx, { kind: 'role', id })
    await deleteIamEntity(tx, { kind: 'role', id })
  })
  return null
}

function readTrustPolicy({ parameters }: IamRequest, name: string): string {
  const document = readPolicyDocument(parameters, { name, kind: 'trust' })
  if (sizeOfPolicy(document) <= TRUST_POLICY_SIZE) return document
  throw new StorageError('LimitExceeded', { message: `Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_SIZE}` })
}
