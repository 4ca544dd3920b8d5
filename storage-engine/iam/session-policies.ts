import { StorageError } from '#storage-engine/errors.ts'
import { ARN, SESSION_POLICY } from '#storage-engine/iam/limits.ts'
import { documentOfPolicy, findManagedPolicy } from '#storage-engine/iam/managed-policy.ts'
import { checkText, memberFields, optionalText, type Parameters } from '#storage-engine/iam/parameters.ts'
import { checkPolicyDocument } from '#storage-engine/iam/policy-document.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

const POLICY_ARNS_MAX = 10

/**
 * Policy and PolicyArns, which limit a session of a role; null when there are none. Managed ones count as they are now.
 * Throws ValidationError, MalformedPolicyDocument and NoSuchEntity.
 */
export async function readSessionPolicies(
  db: Queryable,
  { parameters, ...home }: { namespaceId: string; accountId: string; parameters: Parameters },
): Promise<string[] | null> {
  const documents: string[] = []
  const own = optionalText(parameters, 'Policy', SESSION_POLICY)
  if (own !== null) {
    checkPolicyDocument(own, 'identity')
    documents.push(own)
  }
  const arns = memberFields(parameters, 'PolicyArns', ['arn'])
  if (arns.length > POLICY_ARNS_MAX) {
    throw new StorageError('ValidationError', { message: `A session has at most ${POLICY_ARNS_MAX} managed policies.` })
  }
  for (const { arn } of arns) {
    const managed = await findManagedPolicy(db, home, checkText('policyArns.arn', arn ?? '', ARN))
    if (managed === null) throw new StorageError('NoSuchEntity', { message: `Policy ${arn} does not exist.` })
    documents.push(await documentOfPolicy(db, managed))
  }
  return documents.length === 0 ? null : documents
}
