import type { Condition } from '#storage-engine/auth/policy-condition.ts'
import type { Pattern } from '#storage-engine/auth/policy-pattern.ts'
import type { PrincipalPattern } from '#storage-engine/auth/policy-principal.ts'

/** Of an identity: nobody is named. Of a role: who may assume it. Of a bucket: who may do what to which of its objects. */
export type PolicyKind = 'identity' | 'trust' | 'bucket'

/** A policy, read and checked. */
export interface Policy {
  statements: readonly Statement[]
}

export interface Statement {
  effect: 'Allow' | 'Deny'
  /** Null in an identity's policy: whoever has it. */
  principals: Named<PrincipalPattern> | null
  /** Patterns in lower case. */
  actions: Named<Pattern>
  /** Null in a role's policy: the role. */
  resources: Named<Pattern> | null
  conditions: readonly Condition[]
}

/** What an element names; what it leaves out, when it is a NotPrincipal, NotAction or NotResource. */
export interface Named<T> {
  isNegated: boolean
  items: readonly T[]
}
