import {
  BUILTIN_POLICIES,
  BUILTIN_POLICY_ARN_PREFIX,
  type BuiltinPolicy,
} from '#storage-engine/auth/builtin-policies.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { ARN } from '#storage-engine/iam/limits.ts'
import { arnOf, parseArn } from '#storage-engine/iam/names.ts'
import type { Found } from '#storage-engine/iam/operation.ts'
import { requiredText } from '#storage-engine/iam/parameters.ts'
import type { IamRequest } from '#storage-engine/iam/request.ts'
import { addResourceTags } from '#storage-engine/iam/tags.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findIamEntity, type IamManagedPolicy } from '#storage-engine/metadata/iam-entities.ts'
import { type AttachedPolicy, listPolicyVersions } from '#storage-engine/metadata/iam-policies.ts'

/** One that every namespace has, or one of this. */
export type ManagedPolicy =
  | { kind: 'builtin'; arn: string; policy: BuiltinPolicy }
  | { kind: 'own'; arn: string; policy: IamManagedPolicy }

/** The policy in PolicyArn. */
export async function managedPolicy(request: IamRequest): Promise<Found<ManagedPolicy>> {
  const arn = policyArnOf(request)
  const target = await findManagedPolicy(request.engine.db, request, arn)
  if (target?.kind === 'own') addResourceTags(request, target.policy.tags)
  return { resource: arn, target, missing: `Policy ${arn} does not exist or is not attachable.` }
}

/** PolicyArn, with its account if that was left out: policies about policies must not depend on how one is spelled. */
export function policyArnOf(request: IamRequest): string {
  const arn = requiredText(request.parameters, 'PolicyArn', ARN)
  const parsed = parseArn(request, 'policy', arn)
  return parsed === null ? arn : arnOf(request, 'policy', parsed)
}

/** The same, but only one of the namespace: AWS answers that its own are not the caller's to change. */
export async function ownPolicy(request: IamRequest): Promise<Found<IamManagedPolicy>> {
  const found = await managedPolicy(request)
  const { target } = found
  if (target?.kind === 'builtin') return { ...found, target: null, missing: `Policy ${target.arn} cannot be changed.` }
  return { ...found, target: target?.policy ?? null }
}

export async function findManagedPolicy(
  db: Queryable,
  { namespaceId, accountId }: { namespaceId: string; accountId: string },
  arn: string,
): Promise<ManagedPolicy | null> {
  if (arn.startsWith(BUILTIN_POLICY_ARN_PREFIX)) {
    const policy = BUILTIN_POLICIES.get(arn.slice(BUILTIN_POLICY_ARN_PREFIX.length))
    return policy === undefined ? null : { kind: 'builtin', arn, policy }
  }
  const parsed = parseArn({ accountId }, 'policy', arn)
  if (parsed === null) return null
  const policy = await findIamEntity(db, { kind: 'policy', namespaceId, name: parsed.name })
  const isIt = policy !== null && policy.path === parsed.path && policy.name === parsed.name
  return isIt ? { kind: 'own', arn, policy } : null
}

export function attachedPolicyOf(managed: ManagedPolicy): AttachedPolicy {
  return managed.kind === 'own' ? { policyId: managed.policy.id } : { builtinName: managed.policy.name }
}

/** The document that counts. Throws NoSuchEntity. */
export async function documentOfPolicy(db: Queryable, managed: ManagedPolicy): Promise<string> {
  if (managed.kind === 'builtin') return managed.policy.document
  const versions = await listPolicyVersions(db, { policyId: managed.policy.id })
  const version = versions.find(({ isDefault }) => isDefault)
  if (version === undefined) throw new StorageError('NoSuchEntity')
  return version.document
}
