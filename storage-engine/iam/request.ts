import type { Principal } from '#storage-engine/auth/principal.ts'
import type { Engine } from '#storage-engine/engine.ts'
import type { Parameters } from '#storage-engine/iam/parameters.ts'

export type SignedPrincipal = Exclude<Principal, { kind: 'anonymous' }>

/** Conditions of policies see these, by lower-case key. */
export type ConditionValues = Map<string, readonly string[]>

/** What is written down of a change besides its parameters. */
export interface IamAudit {
  /** Never a secret. */
  details: Record<string, unknown>
  /** Other namespaces that it concerns. */
  namespaceIds: string[]
}

/** An authenticated request. What its caller may do is asked before it is run, and by operations that do more than one thing. */
export interface IamRequest {
  engine: Engine
  parameters: Parameters
  caller: SignedPrincipal
  accessKeyId: string
  namespaceId: string
  /** What stands in ARNs for the account; may be empty. */
  accountId: string
  requestId: string
  /** Milliseconds since the epoch. */
  now: number
  context: ConditionValues
  /** Who sent it: the socket's peer, or whom a trusted proxy names. */
  sourceIp: string
  audit: IamAudit
  /** `action` is `iam:…` or `sts:…`, `resource` an ARN or `*`. Throws AccessDenied. */
  check(action: string, resource: string): void
}
