import type { LifecycleRule } from '#storage-engine/bucket-settings.ts'
import { checkMidnight, checkTransitions } from '#storage-engine/buckets/check-transitions.ts'
import { invalidArgument, invalidRequest } from '#storage-engine/buckets/invalid-configuration.ts'
import type { Config } from '#storage-engine/config.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
export const RULE_COUNT_MAX = 1_000
const ID_LENGTH_MAX = 255
const PREFIX_BYTES_MAX = 1_024
const FILTER_TAG_COUNT_MAX = 10
const TAG_KEY_LENGTH_MAX = 128
const TAG_VALUE_LENGTH_MAX = 256
/** 1,000 TiB: what S3 answers to sizes beyond it. */
const FILTER_SIZE_MAX = 1_000 * 1024 ** 4

/** A rule as a client wrote it: of the right types, the rest unchecked. */
export type GivenRule = Omit<LifecycleRule, 'id'> & { id: string | null }

/**
 * The rules of a configuration as they are stored, each with an id. Codes and texts are those that S3 answers.
 * Throws InvalidRequest, InvalidArgument, MalformedXML.
 */
export function checkLifecycle(config: Pick<Config, 'storageClasses'>, given: GivenRule[]): LifecycleRule[] {
  if (given.length === 0) throw invalidRequest('At least one lifecycle rule must be specified.')
  if (given.length > RULE_COUNT_MAX) {
    throw invalidRequest(`The number of lifecycle rules must not exceed the allowed limit of ${RULE_COUNT_MAX} rules.`)
  }
  const ids = checkIds(given)
  checkForms(given)
  for (const rule of given) checkRule(config, rule)
  if (given[0]?.filter.form === 'prefix') checkOverlaps(given)
  return given.map((rule, index) => ({ ...rule, id: ids[index] as string }))
}

/** A rule without an id gets the first `rule-N` that is free. */
function checkIds(given: GivenRule[]): string[] {
  const taken = new Set<string>()
  for (const { id } of given) {
    if (id === null) continue
    if (id.length > ID_LENGTH_MAX) {
      throw invalidArgument('ID', id, `ID length should not exceed allowed limit of ${ID_LENGTH_MAX}`)
    }
    if (taken.has(id)) {
      throw invalidArgument('ID', id, 'Rule ID must be unique. Found same ID for more than one rule')
    }
    taken.add(id)
  }
  let number = 0
  return given.map(({ id }) => {
    if (id !== null) return id
    do number++
    while (taken.has(`rule-${number}`))
    return `rule-${number}`
  })
}

/** The older form names a prefix in the rule itself, the newer one (S3's texts say V2) has a filter; they do not mix. */
function checkForms(given: GivenRule[]): void {
  const isOld = given[0]?.filter.form === 'prefix'
  for (const rule of given) {
    if (isOld && rule.filter.form !== 'prefix') {
      throw invalidRequest('Filter element can only be used in Lifecycle V2.')
    }
    if (!isOld && rule.filter.form === 'prefix') {
      throw invalidRequest(
        'Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.',
      )
    }
    const actions = [rule.noncurrentExpiration, ...(rule.noncurrentTransitions ?? [])]
    if (isOld && actions.some((action) => action?.newerVersions !== undefined)) {
      throw invalidRequest('NewerNoncurrentVersions element can only be used in Lifecycle V2.')
    }
  }
}

function checkRule(config: Pick<Config, 'storageClasses'>, rule: GivenRule): void {
  checkFilter(rule.filter)
  const { expiration, noncurrentExpiration, abortUploadsAfterDays } = rule
  const transitions = [...(rule.transitions ?? []), ...(rule.noncurrentTransitions ?? [])]
  if (!expiration && !noncurrentExpiration && abortUploadsAfterDays === undefined && transitions.length === 0) {
    throw invalidRequest('At least one action needs to be specified in a rule')
  }
  checkPositive(expiration?.days, 'Days', 'Expiration')
  checkMidnight(expiration?.date)
  checkPositive(noncurrentExpiration?.days, 'NoncurrentDays', 'NoncurrentVersionExpiration')
  checkPositive(noncurrentExpiration?.newerVersions, 'NewerNoncurrentVersions', 'NoncurrentVersionExpiration')
  checkPositive(abortUploadsAfterDays, 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload')
  if (expiration?.expiredObjectDeleteMarker !== undefined) checkUnfiltered(rule, 'ExpiredObjectDeleteMarker')
  if (abortUploadsAfterDays !== undefined) checkUnfiltered(rule, 'AbortIncompleteMultipartUpload')
  checkTransitions(config, rule)
}

function checkFilter({ prefix, tags = [], sizeGreaterThan, sizeLessThan }: GivenRule['filter']): void {
  if (prefix !== undefined && Buffer.byteLength(prefix) > PREFIX_BYTES_MAX) {
    throw invalidRequest(`The maximum size of a prefix is ${PREFIX_BYTES_MAX}.`)
  }
  if (tags.length > FILTER_TAG_COUNT_MAX) {
    throw invalidRequest(`A filter can have up to ${FILTER_TAG_COUNT_MAX} tags.`)
  }
  for (const [key, value] of tags) {
    if (key.length < 1 || key.length > TAG_KEY_LENGTH_MAX) {
      throw invalidRequest(`A Tag's Key must be a length between 1 and ${TAG_KEY_LENGTH_MAX}.`)
    }
    if (value.length > TAG_VALUE_LENGTH_MAX) {
      throw invalidRequest(`A Tag's Value must be a length between 0 and ${TAG_VALUE_LENGTH_MAX}.`)
    }
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw invalidRequest('Duplicate Tag Keys are not allowed.')
  checkSize('ObjectSizeGreaterThan', sizeGreaterThan, 0)
  checkSize('ObjectSizeLessThan', sizeLessThan, 1)
  if (sizeGreaterThan !== undefined && sizeLessThan !== undefined && sizeLessThan <= sizeGreaterThan) {
    throw invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
  }
}

function checkSize(name: string, size: number | undefined, min: number): void {
  if (size === undefined || (size >= min && size <= FILTER_SIZE_MAX)) return
  throw invalidRequest(`'${name}' should be between ${min} and ${FILTER_SIZE_MAX}.`)
}

function checkPositive(days: number | undefined, field: string, action: string): void {
  if (days === undefined || days > 0) return
  throw invalidArgument(field, String(days), `'${field}' for ${action} action must be a positive integer`)
}

function checkUnfiltered({ filter }: GivenRule, action: string): void {
  if (filter.tags !== undefined) throw invalidRequest(`${action} cannot be specified with Tags.`)
  if (filter.sizeGreaterThan !== undefined || filter.sizeLessThan !== undefined) {
    throw invalidRequest(`${action} cannot be specified with Object Size.`)
  }
}

const ACTIONS: [name: string, isTaken: (rule: GivenRule) => boolean][] = [
  ['Expiration', ({ expiration }) => expiration !== undefined],
  ['Transition', ({ transitions }) => transitions !== undefined],
  ['NoncurrentVersionExpiration', ({ noncurrentExpiration }) => noncurrentExpiration !== undefined],
  ['NoncurrentVersionTransition', ({ noncurrentTransitions }) => noncurrentTransitions !== undefined],
  ['AbortIncompleteMultipartUpload', ({ abortUploadsAfterDays }) => abortUploadsAfterDays !== undefined],
]

/** In the older form no object may have two rules for one action. Of sorted prefixes only neighbours need comparing. */
function checkOverlaps(given: GivenRule[]): void {
  for (const [action, isTaken] of ACTIONS) {
    const prefixes = given.filter(isTaken).map(({ filter }) => filter.prefix ?? '')
    prefixes.sort()
    for (const [index, prefix] of prefixes.entries()) {
      const next = prefixes[index + 1]
      if (next?.startsWith(prefix)) {
        throw invalidRequest(`Found overlapping prefixes '${prefix}' and '${next}' for same action type '${action}'`)
      }
    }
  }
}
