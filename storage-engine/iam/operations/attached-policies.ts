import { BUILTIN_POLICY_ARN_PREFIX } from '#storage-engine/auth/builtin-policies.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { memberList } from '#storage-engine/iam/answer.ts'
import { iamGroup, iamRole } from '#storage-engine/iam/group-and-role.ts'
import { PATH_PREFIX, QUOTAS } from '#storage-engine/iam/limits.ts'
import {
  attachedPolicyOf,
  findManagedPolicy,
  type ManagedPolicy,
  policyArnOf,
} from '#storage-engine/iam/managed-policy.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import { type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { pageOf, readPage } from '#storage-engine/iam/page.ts'
import { optionalText } from '#storage-engine/iam/parameters.ts'
import { checkCount } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { storageAccount } from '#storage-engine/iam/user.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import {
  attachPolicy,
  detachPolicy,
  listAttachedPolicies,
  type PolicyHolder,
} from '#storage-engine/metadata/iam-policies.ts'
import { element } from '#storage-engine/xml-text.ts'

const HOLDERS = [
  { noun: 'User', find: asHolder('user', storageAccount) },
  { noun: 'Group', find: asHolder('group', iamGroup) },
  { noun: 'Role', find: asHolder('role', iamRole) },
] as const

export const ATTACHED_POLICY_OPERATIONS: IamOperation[] = HOLDERS.flatMap(({ noun, find }) => [
  operation<PolicyHolder>(`Attach${noun}Policy`, withPolicyArn(find), attach),
  operation<PolicyHolder>(`Detach${noun}Policy`, withPolicyArn(find), detach),
  operation<PolicyHolder>(`ListAttached${noun}Policies`, find, list),
])

function asHolder<Target extends { id: string }>(
  kind: PolicyHolder['kind'],
  find: (request: IamRequest) => Promise<Found<Target>>,
): (request: IamRequest) => Promise<Found<PolicyHolder>> {
  return async (request) => {
    const found = await find(request)
    return { ...found, target: found.target === null ? null : { kind, id: found.target.id } }
  }
}

/** Rights to attach may be limited to some policies. */
function withPolicyArn<Target>(
  find: (request: IamRequest) => Promise<Found<Target>>,
): (request: IamRequest) => Promise<Found<Target>> {
  return (request) => {
    request.context.set('iam:policyarn', [policyArnOf(request)])
    return find(request)
  }
}

async function attach(request: IamRequest, holder: PolicyHolder): Promise<null> {
  const { engine, namespaceId } = request
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const policy = attachedPolicyOf(await getPolicy(tx, request))
    // What is attached already does not count again.
    const isAttached = await detachPolicy(tx, { holder, policy })
    const attached = await listAttachedPolicies(tx, { holder })
    if (!isAttached) checkCount(attached.length, QUOTAS.attachedPolicies, 'AttachedPolicies')
    await attachPolicy(tx, { namespaceId, holder, policy })
  })
  return null
}

async function detach(request: IamRequest, holder: PolicyHolder): Promise<null> {
  const { engine, namespaceId } = request
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const managed = await getPolicy(tx, request)
    if (await detachPolicy(tx, { holder, policy: attachedPolicyOf(managed) })) return
    throw new StorageError('NoSuchEntity', { message: `Policy ${managed.arn} was not found.` })
  })
  return null
}

async function list(request: IamRequest, holder: PolicyHolder): Promise<string> {
  const pathPrefix = optionalText(request.parameters, 'PathPrefix', PATH_PREFIX) ?? '/'
  const attached = await listAttachedPolicies(request.engine.db, { holder })
  const wanted = attached.filter(({ path }) => (path ?? '/').startsWith(pathPrefix))
  const { items, end } = pageOf(wanted, readPage(request.parameters), ({ name }) => name)
  const policies = items.map(({ name, path }) => {
    const arn = path === null ? BUILTIN_POLICY_ARN_PREFIX + name : arnOf(request, 'policy', { path, name })
    return element('PolicyName', name) + element('PolicyArn', arn)
  })
  return memberList('AttachedPolicies', policies) + end
}

async function getPolicy(tx: Queryable, request: IamRequest): Promise<ManagedPolicy> {
  const arn = policyArnOf(request)
  const managed = await findManagedPolicy(tx, request, arn)
  if (managed !== null) return managed
  throw new StorageError('NoSuchEntity', { message: `Policy ${arn} does not exist or is not attachable.` })
}
