import type { NotificationConfiguration, NotificationTarget } from '#storage-engine/bucket-settings.ts'
import { includesEvent, isSubscribable } from '#storage-engine/buckets/event-names.ts'
import { invalidArgument, invalidRequest } from '#storage-engine/buckets/invalid-configuration.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { newId } from '#storage-engine/ids.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { webhookNameOf } from '#storage-engine/namespaces/webhook-arn.ts'

export const TARGET_COUNT_MAX = 100
const ID_LENGTH_MAX = 255
const FILTER_BYTES_MAX = 1_024
const OVERLAP = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.'

/** A target as a client wrote it. */
export type GivenTarget = Omit<NotificationTarget, 'id'> & { id: string | null }

/**
 * A notification configuration as it is stored, each target with an id. Codes and texts are those that S3 answers.
 * Throws InvalidRequest, InvalidArgument.
 */
export function checkNotification(bucket: Bucket, given: GivenTarget[]): NotificationConfiguration {
  if (given.length > TARGET_COUNT_MAX) {
    throw invalidRequest(
      `Too many configurations submitted. The maximum number of configurations is ${TARGET_COUNT_MAX}`,
    )
  }
  const targets = given.map((target) => ({ ...target, id: target.id ?? newId() }))
  for (const target of targets) checkTarget(bucket, target)
  if (new Set(targets.map(({ id }) => id)).size < targets.length) {
    throw invalidArgument('Id', '', 'Same ID used for multiple configurations. IDs must be unique.')
  }
  for (const [index, target] of targets.entries()) {
    for (const other of targets.slice(0, index)) checkPair(target, other)
  }
  return { targets }
}

/** Throws InvalidArgument that names every ARN behind which there is no webhook. */
export function checkDestinations({ targets }: NotificationConfiguration, existing: ReadonlySet<string>): void {
  const missing = targets.filter(({ arn }) => !existing.has(arn.slice(arn.lastIndexOf(':') + 1)))
  if (missing.length === 0) return
  const extra = missing.map(({ arn }, index) => [
    [`ArgumentName${index + 1}`, arn],
    [`ArgumentValue${index + 1}`, 'The destination does not exist: no webhook of this name is registered'],
  ])
  throw new StorageError('InvalidArgument', {
    message: 'Unable to validate the following destination configurations',
    extra: Object.fromEntries(extra.flat()),
  })
}

function checkTarget(bucket: Bucket, { id, kind, arn, events, prefix, suffix }: NotificationTarget): void {
  if (id.length > ID_LENGTH_MAX) throw invalidArgument('Id', id, `ID length exceeded allowed limit of ${ID_LENGTH_MAX}`)
  if (webhookNameOf({ kind, arn }, bucket) === null) {
    throw invalidArgument('ARN', arn, 'The ARN could not be parsed, or is not of this region and namespace')
  }
  for (const [index, event] of events.entries()) {
    if (!isSubscribable(event)) {
      throw invalidArgument('Event', event, 'The event is not supported for notifications')
    }
    const doubled = events.slice(0, index).find((other) => overlaps(event, other))
    if (doubled !== undefined) throw invalidArgument('Event', `${doubled}, ${event}`, OVERLAP)
  }
  for (const value of [prefix, suffix]) {
    if (value === undefined || Buffer.byteLength(value) <= FILTER_BYTES_MAX) continue
    const message = `Size of filter rule value cannot exceed ${FILTER_BYTES_MAX} bytes in UTF-8 representation`
    throw invalidArgument('FilterRule.Value', value, message)
  }
}

/** No event of no key may have two targets. */
function checkPair(target: NotificationTarget, other: NotificationTarget): void {
  const shared = target.events.find((event) => other.events.some((another) => overlaps(event, another)))
  if (shared === undefined) return
  const [prefix = '', otherPrefix = ''] = [target.prefix, other.prefix]
  const [suffix = '', otherSuffix = ''] = [target.suffix, other.suffix]
  if (!prefix.startsWith(otherPrefix) && !otherPrefix.startsWith(prefix)) return
  if (!suffix.endsWith(otherSuffix) && !otherSuffix.endsWith(suffix)) return
  const isUnfiltered = [prefix, otherPrefix, suffix, otherSuffix].every((value) => value === '')
  throw invalidArgument(
    'Event',
    shared,
    isUnfiltered
      ? OVERLAP
      : 'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.',
  )
}

function overlaps(one: string, other: string): boolean {
  return includesEvent(one, other) || includesEvent(other, one)
}
