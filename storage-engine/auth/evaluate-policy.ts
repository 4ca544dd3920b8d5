import { cachedPolicy } from '#storage-engine/auth/cached-policy.ts'
import type { Named, Policy, Statement } from '#storage-engine/auth/policy.ts'
import { type ConditionContext, holds, resolverOf } from '#storage-engine/auth/policy-condition.ts'
import { fillPattern, matchPattern, type Pattern } from '#storage-engine/auth/policy-pattern.ts'
import { type Reach, reachOf, type ServicePrincipal } from '#storage-engine/auth/policy-principal.ts'
import type { Principal } from '#storage-engine/auth/principal.ts'

export interface PolicyQuestion<Asking extends Principal | ServicePrincipal = Principal> {
  principal: Asking
  /** `s3:GetObject`. */
  action: string
  /** An ARN. */
  resource: string
  /** Of the resource: what an empty account in a principal's ARN means. */
  namespaceName: string
  context: ConditionContext
}

/**
 * What policies say. `delegate`: the principal's account is allowed, but its own policies must allow the principal too.
 * `allow-session`: the very session is named, so that its session policies do not limit it.
 */
export type Verdict = 'explicit-deny' | 'implicit-deny' | 'delegate' | 'allow' | 'allow-session'

const RANKS: readonly Verdict[] = ['implicit-deny', 'delegate', 'allow', 'allow-session']
const VERDICTS: Record<Exclude<Reach, 'none'>, Verdict> = {
  account: 'delegate',
  identity: 'allow',
  session: 'allow-session',
}

/**
 * What all of `policies` say together: one Deny that applies outweighs every Allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicies(
  policies: readonly Policy[],
  question: PolicyQuestion<Principal | ServicePrincipal>,
): Verdict {
  let best: Verdict = 'implicit-deny'
  for (const { statements } of policies) {
    for (const statement of statements) {
      const verdict = evaluateStatement(statement, question)
      if (verdict === 'explicit-deny') return verdict
      if (RANKS.indexOf(verdict) > RANKS.indexOf(best)) best = verdict
    }
  }
  return best
}

/** What the principal's own policies say, within what its session policies leave of them. */
export function evaluateIdentity(question: PolicyQuestion): Verdict {
  const { principal } = question
  if (principal.kind === 'anonymous') return 'implicit-deny'
  const verdict = evaluatePolicies(readIdentity(principal.identityPolicies), question)
  const limit = evaluateSession(question)
  return limit === 'allow' || verdict === 'explicit-deny' ? verdict : limit
}

/** What the session policies leave: `allow` when there are none. */
export function evaluateSession(question: PolicyQuestion): Verdict {
  const { principal } = question
  if (principal.kind === 'anonymous' || principal.sessionPolicies === null) return 'allow'
  return evaluatePolicies(readIdentity(principal.sessionPolicies), question)
}

function readIdentity(texts: readonly string[]): Policy[] {
  return texts.map((text) => cachedPolicy(text, 'identity'))
}

function evaluateStatement(statement: Statement, question: PolicyQuestion<Principal | ServicePrincipal>): Verdict {
  const { effect, actions, resources, conditions } = statement
  if (!names(actions, (pattern) => matchPattern(pattern as readonly number[], question.action.toLowerCase()))) {
    return 'implicit-deny'
  }
  const reach = reachOfStatement(statement, question)
  if (reach === 'none') return 'implicit-deny'
  if (resources !== null && !namesResource(resources, statement, question)) return 'implicit-deny'
  if (!conditions.every((condition) => holds(condition, question.context, effect))) return 'implicit-deny'
  return effect === 'Deny' ? 'explicit-deny' : VERDICTS[reach]
}

function names<T>({ isNegated, items }: Named<T>, isMatch: (item: T) => boolean): boolean {
  return items.some(isMatch) !== isNegated
}

function reachOfStatement(
  { principals }: Statement,
  { principal, namespaceName }: PolicyQuestion<Principal | ServicePrincipal>,
): Reach {
  if (principals === null) return 'identity'
  let best: Reach = 'none'
  for (const item of principals.items) {
    const reach = reachOf(item, principal, namespaceName)
    if (reach !== 'none' && (best === 'none' || best === 'account' || reach === 'session')) best = reach
  }
  if (!principals.isNegated) return best
  return best === 'none' ? 'identity' : 'none'
}

/** As with conditions: a variable without a value must not make an Allow wider by what it fails to leave out. */
function namesResource(
  resources: Named<Pattern>,
  { effect }: Statement,
  question: PolicyQuestion<Principal | ServicePrincipal>,
): boolean {
  const resolve = resolverOf(question.context)
  const filled = resources.items.map((pattern) => fillPattern(pattern, resolve))
  if (resources.isNegated && effect === 'Allow' && filled.includes(null)) return false
  return filled.some((pattern) => pattern !== null && matchPattern(pattern, question.resource)) !== resources.isNegated
}
