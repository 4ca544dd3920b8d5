import { GROUP_NAME, ROLE_NAME } from '#storage-engine/iam/limits.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import type { Found } from '#storage-engine/iam/operation.ts'
import { requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { addResourceTags } from '#storage-engine/iam/tags.ts'
import { findIamEntity, type IamGroup, type IamRole } from '#storage-engine/metadata/iam-entities.ts'

/** The group in GroupName. */
export async function iamGroup(request: IamRequest): Promise<Found<IamGroup>> {
  const { engine, namespaceId, parameters } = request
  const name = requiredText(parameters, 'GroupName', GROUP_NAME)
  const target = await findIamEntity(engine.db, { kind: 'group', namespaceId, name })
  return {
    resource: arnOf(request, 'group', target ?? { path: '/', name }),
    target,
    missing: `The group with name ${name} cannot be found.`,
  }
}

/** The role in RoleName. */
export async function iamRole(request: IamRequest): Promise<Found<IamRole>> {
  const { engine, namespaceId, parameters } = request
  const name = requiredText(parameters, 'RoleName', ROLE_NAME)
  const target = await findIamEntity(engine.db, { kind: 'role', namespaceId, name })
  addResourceTags(request, target?.tags ?? {})
  return {
    resource: arnOf(request, 'role', target ?? { path: '/', name }),
    target,
    missing: `The role with name ${name} cannot be found.`,
  }
}
