import { BUILTIN_POLICIES, BUILTIN_POLICY_ARN_PREFIX } from '#storage-engine/auth/builtin-policies.ts'
import { uniqueIdOf } from '#storage-engine/auth/unique-id.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { documentText, group, memberList, policyXml, time } from '#storage-engine/iam/answer.ts'
import { DESCRIPTION, MANAGED_POLICY_SIZE, PATH_PREFIX, QUOTAS } from '#storage-engine/iam/limits.ts'
import { attachedPolicyOf, type ManagedPolicy, managedPolicy, ownPolicy } from '#storage-engine/iam/managed-policy.ts'
import { type NameAndPath, newTaggedEntity } from '#storage-engine/iam/named-entity.ts'
import { arnOf } from '#storage-engine/iam/names.ts'
import { account, type IamOperation, operation } from '#storage-engine/iam/operation.ts'
import { pageOf, readPage } from '#storage-engine/iam/page.ts'
import { optionalBoolean, optionalText, requiredText } from '#storage-engine/iam/parameters.ts'
import { readPolicyDocument, sizeOfPolicy } from '#storage-engine/iam/policy-document.ts'
import { checkCount, checkQuota } from '#storage-engine/iam/quota.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { readFirstTags } from '#storage-engine/iam/tags.ts'
import { newId } from '#storage-engine/ids.ts'
import {
  deleteIamEntity,
  findIamEntity,
  type IamManagedPolicy,
  insertIamPolicy,
  listIamEntities,
} from '#storage-engine/metadata/iam-entities.ts'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import {
  deletePolicyVersion,
  insertPolicyVersion,
  listPolicyHolders,
  listPolicyVersions,
  type PolicyVersion,
  setDefaultPolicyVersion,
} from '#storage-engine/metadata/iam-policies.ts'
import { element } from '#storage-engine/xml-text.ts'

const VERSION_ID = { lengthMax: 12, pattern: /^v[1-9][0-9]*$/ }
const SCOPE = { lengthMax: 5, pattern: /^(?:All|AWS|Local)$/ }
const FILTER = { lengthMax: 20, pattern: /^(?:User|Role|Group|LocalManagedPolicy|AWSManagedPolicy)$/ }
/** When the policies that every namespace has were written. */
const BUILTIN_DATE = '2015-02-06T18:40:00Z'

export const MANAGED_POLICY_OPERATIONS: IamOperation[] = [
  operation('CreatePolicy', (request) => newTaggedEntity(request, 'policy'), createPolicy),
  operation('GetPolicy', managedPolicy, async (request, policy) => group('Policy', managedXml(request, policy))),
  operation('ListPolicies', account, listPolicies),
  operation('DeletePolicy', ownPolicy, deletePolicy),
  operation('CreatePolicyVersion', ownPolicy, createVersion),
  operation('GetPolicyVersion', managedPolicy, getVersion),
  operation('ListPolicyVersions', managedPolicy, listVersions),
  operation('SetDefaultPolicyVersion', ownPolicy, setDefaultVersion),
  operation('DeletePolicyVersion', ownPolicy, deleteVersion),
  operation('ListEntitiesForPolicy', managedPolicy, listEntities),
]

async function createPolicy(request: IamRequest, { name, path }: NameAndPath): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const document = readDocument(request)
  const description = optionalText(parameters, 'Description', DESCRIPTION)
  const tags = readFirstTags(request, { action: 'iam:TagPolicy', resource: arnOf(request, 'policy', { path, name }) })
  const policy = await changeIam(engine.db, { namespaceId }, async (tx) => {
    await checkQuota(tx, { namespaceId, kind: 'policy' })
    await insertIamPolicy(tx, { id: newId(), namespaceId, name, path, description, tags, document })
    return (await findIamEntity(tx, { kind: 'policy', namespaceId, name })) as IamManagedPolicy
  })
  return group('Policy', policyXml(request, policy))
}

/** First those that every namespace has, then its own, each by name. */
async function listPolicies(request: IamRequest): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const scope = optionalText(parameters, 'Scope', SCOPE) ?? 'All'
  const pathPrefix = optionalText(parameters, 'PathPrefix', PATH_PREFIX) ?? '/'
  const isAttachedOnly = optionalBoolean(parameters, 'OnlyAttached') ?? false
  const own = await listIamEntities(engine.db, {
    kind: 'policy',
    namespaceId,
    pathPrefix,
    after: '',
    limit: QUOTAS.policy,
  })
  const all = [
    ...(scope === 'Local' || pathPrefix !== '/' ? [] : await listBuiltins(request)),
    ...(scope === 'AWS' ? [] : own).map((policy) => ({
      key: `2${policy.name.toLowerCase()}`,
      isAttached: policy.attachmentCount > 0,
      xml: policyXml(request, { ...policy, tags: {} }),
    })),
  ].filter(({ isAttached }) => isAttached || !isAttachedOnly)
  const { items, end } = pageOf(all, readPage(parameters), ({ key }) => key)
  return (
    memberList(
      'Policies',
      items.map(({ xml }) => xml),
    ) + end
  )
}

async function listBuiltins(request: IamRequest): Promise<{ key: string; isAttached: boolean; xml: string }[]> {
  const { engine, namespaceId } = request
  const names = [...BUILTIN_POLICIES.keys()].toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  return Promise.all(
    names.map(async (name) => {
      const holders = await listPolicyHolders(engine.db, { namespaceId, policy: { builtinName: name } })
      return { key: `1${name.toLowerCase()}`, isAttached: holders.length > 0, xml: builtinXml(name, holders.length) }
    }),
  )
}

function managedXml(request: IamRequest, managed: ManagedPolicy): string {
  return managed.kind === 'own' ? policyXml(request, managed.policy) : builtinXml(managed.policy.name, null)
}

function builtinXml(name: string, attachmentCount: number | null): string {
  return [
    element('PolicyName', name),
    element('PolicyId', `ANPA${name.toUpperCase()}`),
    element('Arn', BUILTIN_POLICY_ARN_PREFIX + name),
    element('Path', '/'),
    element('DefaultVersionId', 'v1'),
    element('AttachmentCount', attachmentCount),
    element('IsAttachable', true),
    element('Description', BUILTIN_POLICIES.get(name)?.description ?? null),
    element('CreateDate', BUILTIN_DATE),
    element('UpdateDate', BUILTIN_DATE),
  ].join('')
}

async function deletePolicy({ engine, namespaceId }: IamRequest, { id }: IamManagedPolicy): Promise<null> {
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    if ((await listPolicyHolders(tx, { namespaceId, policy: { policyId: id } })).length > 0) {
      throw new StorageError('DeleteConflict', { message: 'Cannot delete a policy attached to entities.' })
    }
    if ((await listPolicyVersions(tx, { policyId: id })).length > 1) {
      throw new StorageError('DeleteConflict', {
        message:
          'This policy has more than one version. Before you delete a policy, you must delete the policy versions.',
      })
    }
    await deleteIamEntity(tx, { kind: 'policy', id })
  })
  return null
}

async function createVersion(request: IamRequest, { id: policyId }: IamManagedPolicy): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const document = readDocument(request)
  const isDefault = optionalBoolean(parameters, 'SetAsDefault') ?? false
  const created = await changeIam(engine.db, { namespaceId }, async (tx) => {
    const versions = await listPolicyVersions(tx, { policyId })
    checkCount(versions.length, QUOTAS.versionsPerPolicy, 'VersionsPerPolicy')
    const version = await insertPolicyVersion(tx, { policyId, document, isDefault })
    return (await listPolicyVersions(tx, { policyId })).find((each) => each.version === version) as PolicyVersion
  })
  return group('PolicyVersion', versionXml({ ...created, document: null }))
}

async function getVersion(request: IamRequest, managed: ManagedPolicy): Promise<string> {
  const version = findVersion(await versionsOf(request, managed), readVersionId(request))
  return group('PolicyVersion', versionXml(version))
}

async function listVersions(request: IamRequest, managed: ManagedPolicy): Promise<string> {
  const versions = await versionsOf(request, managed)
  return (
    memberList(
      'Versions',
      versions.map((version) => versionXml({ ...version, document: null })),
    ) + element('IsTruncated', false)
  )
}

async function setDefaultVersion(request: IamRequest, { id: policyId }: IamManagedPolicy): Promise<null> {
  const { engine, namespaceId } = request
  const versionId = readVersionId(request)
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const { version } = findVersion(await listPolicyVersions(tx, { policyId }), versionId)
    await setDefaultPolicyVersion(tx, { policyId, version })
  })
  return null
}

async function deleteVersion(request: IamRequest, { id: policyId }: IamManagedPolicy): Promise<null> {
  const { engine, namespaceId } = request
  const versionId = readVersionId(request)
  await changeIam(engine.db, { namespaceId }, async (tx) => {
    const { version, isDefault } = findVersion(await listPolicyVersions(tx, { policyId }), versionId)
    if (isDefault) {
      throw new StorageError('DeleteConflict', { message: 'Cannot delete the default version of a policy.' })
    }
    await deletePolicyVersion(tx, { policyId, version })
  })
  return null
}

async function listEntities(request: IamRequest, managed: ManagedPolicy): Promise<string> {
  const { engine, namespaceId, parameters } = request
  const pathPrefix = optionalText(parameters, 'PathPrefix', PATH_PREFIX) ?? '/'
  const filter = optionalText(parameters, 'EntityFilter', FILTER)
  const holders = await listPolicyHolders(engine.db, { namespaceId, policy: attachedPolicyOf(managed) })
  const wanted = holders.filter(
    ({ kind, path }) => path.startsWith(pathPrefix) && (filter === null || filter.toLowerCase() === kind),
  )
  const { items, end } = pageOf(
    wanted.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    readPage(parameters),
    ({ id }) => id,
  )
  const listOf = (kind: 'user' | 'group' | 'role', noun: string) =>
    memberList(
      `Policy${noun}s`,
      items
        .filter((each) => each.kind === kind)
        .map(({ id, name }) => element(`${noun}Name`, name) + element(`${noun}Id`, uniqueIdOf(kind, id))),
    )
  return listOf('group', 'Group') + listOf('user', 'User') + listOf('role', 'Role') + end
}

function readDocument({ parameters }: IamRequest): string {
  const document = readPolicyDocument(parameters, { name: 'PolicyDocument', kind: 'identity' })
  if (sizeOfPolicy(document) <= MANAGED_POLICY_SIZE) return document
  throw new StorageError('LimitExceeded', { message: `Cannot exceed quota for PolicySize: ${MANAGED_POLICY_SIZE}` })
}

function readVersionId({ parameters }: IamRequest): string {
  return requiredText(parameters, 'VersionId', VERSION_ID)
}

async function versionsOf({ engine }: IamRequest, managed: ManagedPolicy): Promise<PolicyVersion[]> {
  if (managed.kind === 'own') return listPolicyVersions(engine.db, { policyId: managed.policy.id })
  const { document } = managed.policy
  return [{ version: 1, document, isDefault: true, createdAt: new Date(BUILTIN_DATE) }]
}

function findVersion(versions: PolicyVersion[], versionId: string): PolicyVersion {
  const version = versions.find((each) => `v${each.version}` === versionId)
  if (version !== undefined) return version
  throw new StorageError('NoSuchEntity', { message: `Policy version ${versionId} does not exist.` })
}

function versionXml(version: Omit<PolicyVersion, 'document'> & { document: string | null }): string {
  return [
    version.document === null ? '' : element('Document', documentText(version.document)),
    element('VersionId', `v${version.version}`),
    element('IsDefaultVersion', version.isDefault),
    element('CreateDate', time(version.createdAt)),
  ].join('')
}
