import { evaluateIdentity } from '#storage-engine/auth/evaluate-policy.ts'
import { arnOf } from '#storage-engine/auth/policy-principal.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { sessionArnOf } from '#storage-engine/iam/names.ts'
import type { ConditionValues, SignedPrincipal } from '#storage-engine/iam/request.ts'

/**
 * May the caller do this? The root object user may do all in its namespace; others what their policies allow, and nothing
 * that they deny. Temporary credentials of a user, which say nothing of a second factor, never reach IAM.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export function mayDo(
  caller: SignedPrincipal,
  { action, resource, context }: { action: string; resource: string; context: ConditionValues },
): boolean {
  const isUsersSession = caller.isTemporary && caller.kind !== 'role-session'
  if (isUsersSession && action.startsWith('iam:')) return false
  if (caller.kind === 'object-user' && caller.isRoot && !caller.isTemporary) return true
  const { namespaceName } = caller
  return evaluateIdentity({ principal: caller, action, resource, namespaceName, context }) === 'allow'
}

export function denied(caller: SignedPrincipal, action: string, resource: string): StorageError {
  return new StorageError('AccessDenied', {
    message: `User: ${callerArn(caller)} is not authorized to perform: ${action} on resource: ${resource}`,
  })
}

/** As GetCallerIdentity shows it. */
export function callerArn(caller: SignedPrincipal): string {
  return caller.kind === 'role-session' ? sessionArnOf(caller, caller) : arnOf(caller)
}
