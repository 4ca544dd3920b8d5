import type { PolicyKind } from '#storage-engine/auth/policy.ts'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { POLICY_DOCUMENT } from '#storage-engine/iam/limits.ts'
import { type Parameters, requiredText } from '#storage-engine/iam/parameters.ts'

/** A policy in the parameter `name`, as it came. Throws ValidationError and MalformedPolicyDocument. */
export function readPolicyDocument(
  parameters: Parameters,
  { name, kind }: { name: string; kind: Exclude<PolicyKind, 'bucket'> },
): string {
  const document = requiredText(parameters, name, POLICY_DOCUMENT)
  checkPolicyDocument(document, kind)
  return document
}

export function checkPolicyDocument(document: string, kind: Exclude<PolicyKind, 'bucket'>): void {
  try {
    parsePolicy(document, kind)
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error
    throw new StorageError('MalformedPolicyDocument', { message: error.message, cause: error })
  }
}

/** Of one that was read, as quotas count it: in characters, without the white space between its parts. */
export function sizeOfPolicy(document: string): number {
  return JSON.stringify(JSON.parse(document)).length
}
