import type { LifecycleRule } from '#storage-engine/bucket-settings.ts'
import { invalidArgument, invalidRequest } from '#storage-engine/buckets/invalid-configuration.ts'
import { isAwsClass, mayTransition } from '#storage-engine/buckets/transition-order.ts'
import type { Config } from '#storage-engine/config.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const INFREQUENT_ACCESS_DAYS_MIN = 30
const INFREQUENT_ACCESS: readonly string[] = ['STANDARD_IA', 'ONEZONE_IA']
/** AWS moves nothing into these. */
const NO_TARGETS: readonly string[] = ['STANDARD', 'REDUCED_REDUNDANCY']

interface Step {
  days?: number
  date?: string
  storageClass: string
}

/** What an action and its field of days are called in S3's texts. */
interface Names {
  action: string
  field: string
  expiration: string
}

const CURRENT: Names = { action: 'Transition', field: 'Days', expiration: 'Expiration' }
const NONCURRENT: Names = {
  action: 'NoncurrentVersionTransition',
  field: 'NoncurrentDays',
  expiration: 'NoncurrentVersionExpiration',
}

/** Throws InvalidRequest, InvalidArgument and MalformedXML for transitions that S3 would not take. */
export function checkTransitions(config: Pick<Config, 'storageClasses'>, rule: Omit<LifecycleRule, 'id'>): void {
  const { transitions = [], noncurrentTransitions = [], expiration, noncurrentExpiration } = rule
  checkMixture([...transitions, ...(expiration === undefined ? [] : [expiration])])
  checkSteps(config, transitions, CURRENT)
  checkSteps(config, noncurrentTransitions, NONCURRENT)
  for (const { newerVersions } of noncurrentTransitions) {
    if (newerVersions === undefined || newerVersions > 0) continue
    const message = "'NewerNoncurrentVersions' for NoncurrentVersionTransition action must be a positive integer"
    throw invalidArgument('NewerNoncurrentVersions', String(newerVersions), message)
  }
  if (expiration !== undefined) for (const step of transitions) checkBefore(step, expiration, CURRENT)
  if (noncurrentExpiration !== undefined) {
    for (const step of noncurrentTransitions) checkBefore(step, noncurrentExpiration, NONCURRENT)
  }
}

/** `date` is an ISO time. Throws InvalidArgument. */
export function checkMidnight(date: string | undefined): void {
  if (date === undefined || date.endsWith('T00:00:00.000Z')) return
  throw invalidArgument('Date', date, "'Date' must be at midnight GMT")
}

function checkMixture(actions: { days?: number; date?: string }[]): void {
  if (actions.some(({ days }) => days !== undefined) && actions.some(({ date }) => date !== undefined)) {
    throw invalidRequest(
      "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '()'",
    )
  }
}

function checkSteps(config: Pick<Config, 'storageClasses'>, steps: readonly Step[], names: Names): void {
  for (const [index, step] of steps.entries()) {
    checkTarget(config, step.storageClass, names)
    checkTime(step, names)
    for (const earlier of steps.slice(0, index)) checkPair(earlier, step, names)
  }
}

function checkTarget({ storageClasses }: Pick<Config, 'storageClasses'>, name: string, { action }: Names): void {
  if (!storageClasses.includes(name)) throw new StorageError('MalformedXML')
  // Where an installation has classes of its own, data may move between all of them.
  if (NO_TARGETS.includes(name) && storageClasses.every(isAwsClass)) {
    throw invalidArgument('StorageClass', name, `Invalid target Storage class for ${action} action`)
  }
}

function checkTime({ days, date, storageClass }: Step, { action, field }: Names): void {
  checkMidnight(date)
  if (days === undefined) return
  if (days < 0) throw invalidArgument(field, String(days), `'${field}' in ${action} action must be nonnegative`)
  if (days < INFREQUENT_ACCESS_DAYS_MIN && INFREQUENT_ACCESS.includes(storageClass)) {
    const least = `greater than or equal to ${INFREQUENT_ACCESS_DAYS_MIN} for storageClass '${storageClass}'`
    throw invalidArgument(field, String(days), `'${field}' in ${action} action must be ${least}`)
  }
}

/** Of two steps of one rule, the one into the lower class comes later. */
function checkPair(first: Step, second: Step, { action, field }: Names): void {
  if (first.storageClass === second.storageClass) {
    throw invalidRequest(`'StorageClass' must be different for '${action}' actions in same 'Rule' with filter '()'`)
  }
  if (!isAwsClass(first.storageClass) || !isAwsClass(second.storageClass)) return
  const [upper, lower] = mayTransition(first.storageClass, second.storageClass) ? [first, second] : [second, first]
  if (mayTransition(upper.storageClass, lower.storageClass) && timeOf(lower) > timeOf(upper)) return
  const unit = lower.date === undefined ? field : 'Date'
  const named = (step: Step) =>
    `'${unit}' in the '${action}' action for StorageClass '${step.storageClass}' for filter '()'`
  throw invalidArgument(unit, lower.date ?? String(lower.days), `${named(lower)} must be greater than ${named(upper)}`)
}

function checkBefore(step: Step, end: { days?: number; date?: string }, { action, field, expiration }: Names): void {
  if (end.days === undefined && end.date === undefined) return
  if (timeOf(end) > timeOf(step)) return
  const unit = end.date === undefined ? field : 'Date'
  const message = `'${unit}' in the ${expiration} action for filter '()' must be greater than '${unit}' in the ${action} action`
  throw invalidArgument(unit, end.date ?? String(end.days), message)
}

/** Only times of one kind are compared: dates and days are not mixed. */
function timeOf({ days, date }: { days?: number; date?: string }): number {
  return date === undefined ? (days as number) : Date.parse(date)
}
