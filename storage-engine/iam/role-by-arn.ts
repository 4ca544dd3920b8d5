import { arnOf } from '#storage-engine/iam/names.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { findIamEntity, type IamRole } from '#storage-engine/metadata/iam-entities.ts'
import { findNamespaceByAccountId, getNamespace, type Namespace } from '#storage-engine/metadata/namespaces.ts'

export interface FoundRole {
  /** With its account, also when that was left out. */
  arn: string
  role: IamRole
  namespaceId: string
  namespaceName: string
  accountId: string
}

const ROLE_ARN = /^arn:aws:iam::([A-Za-z0-9]{0,64}):role(\/(?:.*\/)?)([^/]+)$/

/** A role of any namespace; where the ARN names no account, of the caller's. */
export async function findRoleByArn(
  { engine, namespaceId }: Pick<IamRequest, 'engine' | 'namespaceId'>,
  arn: string,
): Promise<FoundRole | null> {
  const [, accountId, path, name] = ROLE_ARN.exec(arn) ?? []
  if (accountId === undefined || path === undefined || name === undefined) return null
  const namespace = await findNamespace({ engine, namespaceId }, accountId)
  if (namespace === null) return null
  const role = await findIamEntity(engine.db, { kind: 'role', namespaceId: namespace.id, name })
  if (role === null || role.path !== path || role.name !== name) return null
  return {
    arn: arnOf(namespace, 'role', role),
    role,
    namespaceId: namespace.id,
    namespaceName: namespace.name,
    accountId: namespace.accountId,
  }
}

function findNamespace(
  { engine, namespaceId }: Pick<IamRequest, 'engine' | 'namespaceId'>,
  accountId: string,
): Promise<Namespace | null> {
  if (accountId === '') return getNamespace(engine.db, { id: namespaceId })
  return findNamespaceByAccountId(engine.db, { accountId })
}
