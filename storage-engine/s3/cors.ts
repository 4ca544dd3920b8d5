import type { Headers } from '#storage-engine/auth/wire-request.ts'
import type { CorsRule } from '#storage-engine/bucket-settings.ts'

/** Caches must keep apart what was answered to different origins. */
const VARY: readonly string[] = ['Vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method']

export interface CorsRequest {
  origin: string
  method: string
  /** Names of headers that the browser wants to send; empty for all but a preflight. */
  headers: readonly string[]
}

/** The first rule that lets a page of that origin do this; null when none does. */
export function findCorsRule(rules: readonly CorsRule[], { origin, method, headers }: CorsRequest): CorsRule | null {
  const fits = (rule: CorsRule) =>
    rule.allowedMethods.includes(method) &&
    rule.allowedOrigins.some((pattern) => matchesPattern(pattern, origin)) &&
    headers.every((header) => rule.allowedHeaders.some((pattern) => matchesPattern(pattern.toLowerCase(), header)))
  return rules.find(fits) ?? null
}

/** `pattern` has at most one `*`, which stands for any run of characters. */
function matchesPattern(pattern: string, text: string): boolean {
  const at = pattern.indexOf('*')
  if (at === -1) return pattern === text
  const tail = pattern.slice(at + 1)
  return text.length >= pattern.length - 1 && text.startsWith(pattern.slice(0, at)) && text.endsWith(tail)
}

/** What a rule adds to the answer to a page of that origin. */
export function allowedHeaders(rule: CorsRule, { origin, headers }: CorsRequest): string[] {
  const isForAnyOrigin = rule.allowedOrigins.includes('*')
  const answer = ['Access-Control-Allow-Origin', isForAnyOrigin ? '*' : origin]
  answer.push('Access-Control-Allow-Methods', rule.allowedMethods.join(', '))
  if (headers.length > 0) answer.push('Access-Control-Allow-Headers', headers.join(', '))
  if (rule.exposeHeaders.length > 0) answer.push('Access-Control-Expose-Headers', rule.exposeHeaders.join(', '))
  if (rule.maxAgeSeconds !== undefined) answer.push('Access-Control-Max-Age', String(rule.maxAgeSeconds))
  // A browser takes no credentials together with an origin of `*`.
  if (!isForAnyOrigin) answer.push('Access-Control-Allow-Credentials', 'true')
  answer.push(...VARY)
  return answer
}

/**
 * The headers by which a bucket with rules lets a page read an answer. A page may also say in
 * Access-Control-Request-Method what it asks about, as in a preflight.
 */
export function corsHeaders(
  rules: readonly CorsRule[],
  { method, headers }: { method: string; headers: Headers },
): readonly string[] {
  const origin = headers.get('origin')
  if (origin === undefined) return VARY
  const request = { origin, method: headers.get('access-control-request-method') ?? method, headers: [] }
  const rule = findCorsRule(rules, request)
  return rule === null ? VARY : allowedHeaders(rule, request)
}
