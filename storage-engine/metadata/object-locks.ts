import type { ObjectLock } from '#storage-engine/object-settings.ts'

/**
 * Whether a version's lock forbids to delete it: a legal hold always, COMPLIANCE until its time, GOVERNANCE unless the
 * caller may pass it by. A lock that cannot be understood forbids it: it was meant to protect something.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export function isLocked(
  lock: ObjectLock | null,
  { now, mayBypassGovernance }: { now: Date; mayBypassGovernance: boolean },
): boolean {
  if (lock === null) return false
  if (typeof lock !== 'object' || Array.isArray(lock)) return true
  const { mode, retainUntil, legalHold } = lock
  if (legalHold !== undefined && legalHold !== false) return true
  if (mode === undefined && retainUntil === undefined) return false
  const until = typeof retainUntil === 'string' ? Date.parse(retainUntil) : Number.NaN
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return true
  if (Number.isNaN(until)) return true
  return until > now.getTime() && !(mode === 'GOVERNANCE' && mayBypassGovernance)
}
