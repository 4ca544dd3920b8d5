import { LRUCache } from 'lru-cache'
import type { Policy, PolicyKind } from '#storage-engine/auth/policy.ts'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'

const POLICIES_MAX = 2_000
const policies = new LRUCache<string, Policy>({ max: POLICIES_MAX })

/** `parsePolicy`, once a text. Throws PolicySyntaxError. */
export function cachedPolicy(text: string, kind: PolicyKind): Policy {
  const key = `${kind} ${text}`
  const known = policies.get(key)
  if (known !== undefined) return known
  const policy = parsePolicy(text, kind)
  policies.set(key, policy)
  return policy
}
