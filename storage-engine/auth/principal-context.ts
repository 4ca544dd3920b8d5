import { arnOf } from '#storage-engine/auth/policy-principal.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'

/**
 * Condition keys that say who asks.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
 */
export function principalContext(principal: Principal): Map<string, readonly string[]> {
  if (principal.kind === 'anonymous') {
    return new Map([
      ['aws:principaltype', ['Anonymous']],
      ['aws:userid', ['anonymous']],
      ['aws:viaawsservice', ['false']],
    ])
  }
  const context = new Map<string, readonly string[]>([
    ['aws:principalarn', [arnOf(principal)]],
    ['aws:principalaccount', [principal.accountId]],
    ['aws:principaltype', [typeOf(principal)]],
    ['aws:userid', [userIdOf(principal)]],
    ['aws:principalisawsservice', ['false']],
    ['aws:viaawsservice', ['false']],
    ['sts:authentication', [String(principal.isTemporary)]],
  ])
  // Only temporary credentials say something of a second factor, and there is none.
  if (principal.isTemporary) context.set('aws:multifactorauthpresent', ['false'])
  const { issuedAt } = principal
  // By this whoever revokes the older sessions of a role tells them.
  if (issuedAt !== undefined) context.set('aws:tokenissuetime', [new Date(issuedAt).toISOString()])
  if (principal.kind === 'storage-account') context.set('aws:username', [principal.name])
  if (principal.kind === 'object-user' && !principal.isRoot) context.set('aws:username', [principal.canonicalId])
  if (principal.kind !== 'object-user') for (const [key, value] of principal.tags) addTag(context, key, value)
  return context
}

/** Keys of conditions have no case, so tags whose keys differ in nothing else are values of one. */
function addTag(context: Map<string, readonly string[]>, key: string, value: string): void {
  const name = `aws:principaltag/${key.toLowerCase()}`
  context.set(name, [...(context.get(name) ?? []), value])
}

function typeOf(principal: Exclude<Principal, { kind: 'anonymous' }>): string {
  if (principal.kind === 'role-session') return 'AssumedRole'
  return principal.kind === 'object-user' && principal.isRoot ? 'Account' : 'User'
}

/** What stands in `aws:userid`, and in events. */
export function userIdOf(principal: Exclude<Principal, { kind: 'anonymous' }>): string {
  if (principal.kind === 'object-user') return principal.canonicalId
  return principal.kind === 'role-session' ? `${principal.uniqueId}:${principal.sessionName}` : principal.uniqueId
}
