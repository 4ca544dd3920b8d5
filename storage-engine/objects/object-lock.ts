import { StorageError } from '#storage-engine/errors.ts'
import type { ObjectLock } from '#storage-engine/object-settings.ts'

/** The part of a lock that ends by itself. */
export interface Retention {
  mode: NonNullable<ObjectLock['mode']>
  /** ISO time. */
  retainUntil: string
}

/** A retention that a client asks for, once its time lies ahead. Throws InvalidArgument. */
export function checkRetainUntil(retainUntil: Date, now: Date): void {
  if (retainUntil.getTime() > now.getTime()) return
  throw new StorageError('InvalidArgument', {
    message: 'The retain until date must be in the future!',
    extra: { ArgumentName: 'RetainUntilDate', ArgumentValue: retainUntil.toISOString() },
  })
}

/**
 * The lock with another retention, or without one when `retention` is null. While one holds, compliance can only be made
 * longer, and so can governance unless the caller may bypass it. `mayBypass` is asked only when it matters.
 * Throws AccessDenied. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export function changeRetention(
  lock: ObjectLock | null,
  { retention, now, mayBypass }: { retention: Retention | null; now: Date; mayBypass: () => boolean },
): ObjectLock | null {
  const { mode, retainUntil, ...hold } = lock ?? {}
  const isHeld = mode !== undefined && !(Date.parse(retainUntil as string) <= now.getTime())
  if (isHeld && !isLonger({ mode, retainUntil: retainUntil as string }, retention)) {
    if (mode !== 'GOVERNANCE' || !mayBypass()) {
      throw new StorageError('AccessDenied', {
        message: 'Access Denied because object protected by object lock.',
      })
    }
  }
  const changed = { ...hold, ...retention }
  return Object.keys(changed).length === 0 ? null : changed
}

/** A time that cannot be read counts as endless, so that a broken lock stays locked. */
function isLonger(held: Retention, asked: Retention | null): boolean {
  return asked !== null && asked.mode === held.mode && Date.parse(asked.retainUntil) >= Date.parse(held.retainUntil)
}
