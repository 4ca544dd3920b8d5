import { LRUCache } from 'lru-cache'
import type { Policy, PolicyKind } from '#storage-engine/auth/policy.ts'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'

const POLICIES_MAX = 2_000
/** Policies may be long, and a policy that was read takes about ten bytes a character. */
export const CHARACTERS_MAX = 4 * 1024 ** 2

const policies = new LRUCache<string, Policy>({ max: POLICIES_MAX, maxSize: CHARACTERS_MAX })

/** `parsePolicy`, once a text. Throws PolicySyntaxError. */
export function cachedPolicy(text: string, kind: PolicyKind): Policy {
  const key = `${kind} ${text}`
  const known = policies.get(key)
  if (known !== undefined) return known
  const policy = parsePolicy(text, kind)
  policies.set(key, policy, { size: key.length })
  return policy
}
