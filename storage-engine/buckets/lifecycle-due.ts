import type { LifecycleConfiguration, LifecycleRule } from '#storage-engine/bucket-settings.ts'
import { isAwsClass, mayTransition } from '#storage-engine/buckets/transition-order.ts'
import type { Tag } from '#storage-engine/object-settings.ts'

export const DAY_MS = 86_400_000
/** Below it, data of AWS's classes moves only where a rule says so by a filter of its own. */
const TRANSITION_BYTES_MIN = 128 * 1024

/** What filters of rules look at. A delete marker has no tags, and its size is 0. */
export interface Subject {
  key: string
  size: number
  tags: readonly Tag[]
}

/** When an action falls due (milliseconds since 1970), and the rule that says so. */
export interface Due {
  at: number
  ruleId: string
}

/**
 * Of rules, when each action falls due. With real days a moment is rounded up to midnight UTC, as S3 does; with shorter
 * ones, which only tests use, it is not.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export interface Rules {
  rules: readonly LifecycleRule[]
  dayMs: number
}

/** When a current version that was written at `since` expires; the earliest rule counts. */
export function currentExpiry(rules: Rules, subject: Subject, since: number): Due | null {
  return earliest(rules, subject, ({ expiration }) => {
    if (expiration?.date !== undefined) return Date.parse(expiration.date)
    return expiration?.days === undefined ? null : after(rules, since, expiration.days)
  })
}

/** When a version that became noncurrent at `since` goes; `newerCount` is how many newer noncurrent ones its key has. */
export function noncurrentExpiry(
  rules: Rules,
  subject: Subject,
  { since, newerCount }: { since: number; newerCount: number },
): Due | null {
  return earliest(rules, subject, ({ noncurrentExpiration: action }) =>
    action === undefined || newerCount < (action.newerVersions ?? 0) ? null : after(rules, since, action.days),
  )
}

/** When a delete marker of `since` goes that has no other version of its key behind it. */
export function markerExpiry(rules: Rules, key: string, since: number): Due | null {
  return earliest(rules, { key, size: 0, tags: [] }, ({ expiration }) => {
    if (expiration?.expiredObjectDeleteMarker) return since
    // S3 takes an age as the marker's too, but a date only for objects.
    return expiration?.days === undefined ? null : after(rules, since, expiration.days)
  })
}

/** When an upload of `since` that nobody completed is aborted. */
export function uploadAbort(rules: Rules, key: string, since: number): Due | null {
  return earliest(rules, { key, size: 0, tags: [] }, ({ abortUploadsAfterDays: days }) =>
    days === undefined ? null : after(rules, since, days),
  )
}

export interface Moving {
  storageClass: string
  /** When the version was written, or became noncurrent. */
  since: number
  /** How many newer noncurrent versions the key has; null for the current one. */
  newerCount: number | null
  now: number
  transitionMinimum: LifecycleConfiguration['transitionMinimum']
}

/** The class into which a version is to move now; null when it stays. Of several, the one that fell due last. */
export function dueTransition(rules: Rules, subject: Subject, moving: Moving): string | null {
  let chosen: { at: number; storageClass: string } | null = null
  for (const rule of rules.rules) {
    if (!applies(rule, subject)) continue
    for (const step of moving.newerCount === null
      ? (rule.transitions ?? [])
      : noncurrentSteps(rule, moving.newerCount)) {
      const at = step.date === undefined ? after(rules, moving.since, step.days as number) : Date.parse(step.date)
      const isDue = at <= moving.now && (chosen === null || at >= chosen.at)
      // A version that is where a step leads stays there until a later one falls due.
      const isThere = step.storageClass === moving.storageClass
      if (!isDue || !(isThere || mayTransition(moving.storageClass, step.storageClass))) continue
      if (isLargeEnough(rule, subject, { ...moving, target: step.storageClass })) {
        chosen = { at, storageClass: step.storageClass }
      }
    }
  }
  return chosen === null || chosen.storageClass === moving.storageClass ? null : chosen.storageClass
}

function noncurrentSteps(
  { noncurrentTransitions = [] }: LifecycleRule,
  newerCount: number,
): NonNullable<LifecycleRule['transitions']> {
  return noncurrentTransitions.filter(({ newerVersions }) => newerCount >= (newerVersions ?? 0))
}

function isLargeEnough(
  { filter }: LifecycleRule,
  { size }: Subject,
  { target, transitionMinimum }: Moving & { target: string },
): boolean {
  if (size >= TRANSITION_BYTES_MIN || !isAwsClass(target) || target === 'STANDARD') return true
  if (filter.sizeGreaterThan !== undefined || filter.sizeLessThan !== undefined) return true
  return transitionMinimum === 'varies_by_storage_class' && (target === 'GLACIER' || target === 'DEEP_ARCHIVE')
}

function earliest({ rules }: Rules, subject: Subject, dueAt: (rule: LifecycleRule) => number | null): Due | null {
  let found: Due | null = null
  for (const rule of rules) {
    const at = dueAt(rule)
    if (at === null || (found !== null && found.at <= at) || !applies(rule, subject)) continue
    found = { at, ruleId: rule.id }
  }
  return found
}

function applies({ isEnabled, filter }: LifecycleRule, { key, size, tags }: Subject): boolean {
  if (!isEnabled || !key.startsWith(filter.prefix ?? '')) return false
  if (filter.sizeGreaterThan !== undefined && size <= filter.sizeGreaterThan) return false
  if (filter.sizeLessThan !== undefined && size >= filter.sizeLessThan) return false
  return filter.tags === undefined || filter.tags.every((wanted) => hasTag(tags, wanted))
}

function hasTag(tags: readonly Tag[], [key, value]: Tag): boolean {
  return tags.some((tag) => tag[0] === key && tag[1] === value)
}

function after({ dayMs }: Rules, since: number, days: number): number {
  const at = since + days * dayMs
  return dayMs === DAY_MS ? Math.ceil(at / DAY_MS) * DAY_MS : at
}
