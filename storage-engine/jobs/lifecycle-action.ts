import type { LifecycleConfiguration } from '#storage-engine/bucket-settings.ts'
import {
  currentExpiry,
  type Due,
  dueTransition,
  markerExpiry,
  noncurrentExpiry,
  type Rules,
} from '#storage-engine/buckets/lifecycle-due.ts'
import type { ScannedVersion } from '#storage-engine/metadata/lifecycle.ts'

/**
 * `expire`: the current version ends as a delete ends it, under a marker where the bucket has versioning.
 * `remove`: the version goes for good.
 */
export type LifecycleAction = { kind: 'expire' } | { kind: 'remove' } | { kind: 'move'; storageClass: string }

/** Where a version stands among those of its key. */
export interface Standing {
  /** When the next newer version was written; null for the current version. Milliseconds. */
  noncurrentSince: number | null
  /** How many newer noncurrent versions there are. */
  newerCount: number
  /** No other version of the key is left. */
  isAlone: boolean
}

export interface Judge {
  rules: Rules
  now: number
  transitionMinimum: LifecycleConfiguration['transitionMinimum']
}

/** What the rules want of a version now; removal comes before a move, as AWS has it. Null: nothing. */
export function lifecycleAction(version: ScannedVersion, standing: Standing, judge: Judge): LifecycleAction | null {
  const { key, size, isDeleteMarker, storageClass } = version
  const { rules, now, transitionMinimum } = judge
  const { noncurrentSince, newerCount, isAlone } = standing
  const subject = { key, size, tags: version.tags ?? [] }
  const written = version.lastModified.getTime()
  const isDue = (due: Due | null) => due !== null && due.at <= now
  if (noncurrentSince !== null) {
    if (isDue(noncurrentExpiry(rules, subject, { since: noncurrentSince, newerCount }))) return { kind: 'remove' }
  } else if (isDeleteMarker) {
    return isAlone && isDue(markerExpiry(rules, key, written)) ? { kind: 'remove' } : null
  } else if (isDue(currentExpiry(rules, subject, written))) {
    return { kind: 'expire' }
  }
  if (isDeleteMarker) return null
  const target = dueTransition(rules, subject, {
    storageClass,
    since: noncurrentSince ?? written,
    newerCount: noncurrentSince === null ? null : newerCount,
    now,
    transitionMinimum,
  })
  return target === null ? null : { kind: 'move', storageClass: target }
}
