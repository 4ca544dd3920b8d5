import { StorageError } from '#storage-engine/errors.ts'
import { documentText, memberList } from '#storage-engine/iam/answer.ts'
import { iamGroup, iamRole } from '#storage-engine/iam/group-and-role.ts'
import { INLINE_POLICY_SIZES, POLICY_NAME } from '#storage-engine/iam/limits.ts'
import { type Found, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { pageOf, readPage } from '#storage-engine/iam/page.ts'
import { requiredText } from '#storage-engine/iam/parameters.ts'
import { readPolicyDocument, sizeOfPolicy } from '#storage-engine/iam/policy-document.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { user } from '#storage-engine/iam/user.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import {
  deleteInlinePolicy,
  listInlinePolicies,
  type PolicyHolder,
  putInlinePolicy,
} from '#storage-engine/metadata/iam-policies.ts'
import { element, escapeXml } from '#storage-engine/xml-text.ts'

/** Whose policies an operation is about. */
interface NamedHolder extends PolicyHolder {
  name: string
}

const HOLDERS = [
  { noun: 'User', find: user },
  { noun: 'Group', find: asHolder('group', iamGroup) },
  { noun: 'Role', find: asHolder('role', iamRole) },
] as const

export const INLINE_POLICY_OPERATIONS: IamOperation[] = HOLDERS.flatMap(({ noun, find }) => [
  operation<NamedHolder>(`Put${noun}Policy`, find, putPolicy),
  operation<NamedHolder>(`Get${noun}Policy`, find, (request, holder) => getPolicy(request, holder, noun)),
  operation<NamedHolder>(`List${noun}Policies`, find, listPolicies),
  operation<NamedHolder>(`Delete${noun}Policy`, find, deletePolicy),
])

function asHolder<Target extends { id: string; name: string }>(
  kind: 'group' | 'role',
  find: (request: IamRequest) => Promise<Found<Target>>,
): (request: IamRequest) => Promise<Found<NamedHolder>> {
  return async (request) => {
    const found = await find(request)
    const { target } = found
    return { ...found, target: target === null ? null : { kind, id: target.id, name: target.name } }
  }
}

async function putPolicy(request: IamRequest, holder: NamedHolder): Promise<null> {
  const { engine, namespaceId, parameters } = request
  const name = requiredText(parameters, 'PolicyName', POLICY_NAME)
  const document = readPolicyDocument(parameters, { name: 'PolicyDocument', kind: 'identity' })
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const others = (await listInlinePolicies(tx, { holder })).filter((each) => each.name !== name)
    const size = [...others, { document }].reduce((sum, each) => sum + sizeOfPolicy(each.document), 0)
    const sizeMax = INLINE_POLICY_SIZES[holder.kind]
    if (size > sizeMax) {
      throw new StorageError('LimitExceeded', { message: `Maximum policy size of ${sizeMax} bytes exceeded.` })
    }
    await putInlinePolicy(tx, { namespaceId, holder, name, document })
  })
  return null
}

async function getPolicy(request: IamRequest, holder: NamedHolder, noun: string): Promise<string> {
  const name = requiredText(request.parameters, 'PolicyName', POLICY_NAME)
  const policies = await listInlinePolicies(request.engine.db, { holder })
  const policy = policies.find((each) => each.name === name)
  if (policy === undefined) throw missingPolicy(name)
  return [
    element(`${noun}Name`, holder.name),
    element('PolicyName', name),
    element('PolicyDocument', documentText(policy.document)),
  ].join('')
}

async function listPolicies(request: IamRequest, holder: NamedHolder): Promise<string> {
  const names = (await listInlinePolicies(request.engine.db, { holder })).map(({ name }) => name)
  const { items, end } = pageOf(names, readPage(request.parameters), (name) => name)
  return memberList('PolicyNames', items.map(escapeXml)) + end
}

async function deletePolicy({ engine, namespaceId, parameters }: IamRequest, holder: NamedHolder): Promise<null> {
  const name = requiredText(parameters, 'PolicyName', POLICY_NAME)
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    if (!(await deleteInlinePolicy(tx, { holder, name }))) throw missingPolicy(name)
  })
  return null
}

function missingPolicy(name: string): StorageError {
  return new StorageError('NoSuchEntity', { message: `The policy with name ${name} cannot be found.` })
}
