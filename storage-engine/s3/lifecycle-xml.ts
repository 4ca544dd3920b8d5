import type { LifecycleConfiguration, LifecycleRule } from '#storage-engine/bucket-settings.ts'
import type { GivenRule } from '#storage-engine/buckets/check-lifecycle.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Tag } from '#storage-engine/object-settings.ts'
import {
  childrenOf,
  childText,
  expectChildren,
  expectRoot,
  onlyChild,
  type XmlElement,
} from '#storage-engine/s3/xml-reader.ts'
import { element } from '#storage-engine/xml-text.ts'

/** Of XML Schema's int, which S3 uses for days and counts. */
const INT_MAX = 2 ** 31 - 1

/** The rules of a `<LifecycleConfiguration>`, old and new form, unchecked. Throws MalformedXML. */
export function readLifecycle(root: XmlElement): GivenRule[] {
  return childrenOf(expectRoot(root, 'LifecycleConfiguration'), 'Rule').map(readRule)
}

const RULE_CHILDREN = [
  'ID',
  'Prefix',
  'Filter',
  'Status',
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
]

function readRule(rule: XmlElement): GivenRule {
  expectChildren(rule, RULE_CHILDREN)
  const status = childText(rule, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw new StorageError('MalformedXML')
  const expiration = onlyChild(rule, 'Expiration')
  const noncurrent = onlyChild(rule, 'NoncurrentVersionExpiration')
  const abort = onlyChild(rule, 'AbortIncompleteMultipartUpload')
  const transitions = childrenOf(rule, 'Transition').map(readTransition)
  const noncurrentTransitions = childrenOf(rule, 'NoncurrentVersionTransition').map((step) => ({
    ...readNoncurrent(step),
    storageClass: required(childText(step, 'StorageClass')),
  }))
  return {
    id: childText(rule, 'ID') || null,
    isEnabled: status === 'Enabled',
    filter: readFilter(rule),
    ...(expiration && { expiration: readExpiration(expiration) }),
    ...(noncurrent && { noncurrentExpiration: readNoncurrent(noncurrent) }),
    ...(transitions.length > 0 && { transitions }),
    ...(noncurrentTransitions.length > 0 && { noncurrentTransitions }),
    ...(abort && { abortUploadsAfterDays: required(readInt(abort, 'DaysAfterInitiation')) }),
  }
}

const CONDITIONS = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan']

/**
 * Several conditions beside each other in a filter hold together, as in an And: AWS wants the And, other servers and
 * their clients do not.
 */
function readFilter(rule: XmlElement): GivenRule['filter'] {
  const filter = onlyChild(rule, 'Filter')
  const rulePrefix = childText(rule, 'Prefix')
  if ((filter === null) === (rulePrefix === null)) throw new StorageError('MalformedXML')
  if (filter === null) return { form: 'prefix', prefix: rulePrefix as string }
  const and = onlyChild(filter, 'And')
  const groups = and === null ? [filter] : [filter, and]
  for (const group of groups) expectChildren(group, group === filter ? [...CONDITIONS, 'And'] : CONDITIONS)
  const tags = groups.flatMap((group) => childrenOf(group, 'Tag')).map(readTag)
  const prefix = joinPrefixes(groups.map((group) => childText(group, 'Prefix')))
  const sizeGreaterThan = onlyOf(groups.map((group) => readSize(group, 'ObjectSizeGreaterThan')))
  const sizeLessThan = onlyOf(groups.map((group) => readSize(group, 'ObjectSizeLessThan')))
  const count = tags.length + [prefix, sizeGreaterThan, sizeLessThan].filter((each) => each !== null).length
  if (and !== null && count < 2) throw new StorageError('MalformedXML')
  return {
    form: count > 1 ? 'filter-and' : 'filter',
    ...(prefix !== null && { prefix }),
    ...(tags.length > 0 && { tags }),
    ...(sizeGreaterThan !== null && { sizeGreaterThan }),
    ...(sizeLessThan !== null && { sizeLessThan }),
  }
}

function readTag(tag: XmlElement): Tag {
  return [required(childText(tag, 'Key')), required(childText(tag, 'Value'))]
}

/** A key that begins with both begins with the longer one. */
function joinPrefixes(given: (string | null)[]): string | null {
  const prefixes = given.filter((prefix) => prefix !== null).sort((a, b) => a.length - b.length)
  const longest = prefixes.at(-1) ?? null
  if (longest !== null && !prefixes.every((prefix) => longest.startsWith(prefix)))
    throw new StorageError('MalformedXML')
  return longest
}

function onlyOf(values: (number | null)[]): number | null {
  const [value, ...others] = values.filter((each) => each !== null)
  if (others.length > 0) throw new StorageError('MalformedXML')
  return value ?? null
}

/** Exactly one of a date, days and the marker's flag. */
function readExpiration(expiration: XmlElement): NonNullable<LifecycleRule['expiration']> {
  const date = readDate(expiration)
  const days = readInt(expiration, 'Days')
  const marker = childText(expiration, 'ExpiredObjectDeleteMarker')
  if ([date, days, marker].filter((each) => each !== null).length !== 1) throw new StorageError('MalformedXML')
  if (date !== null) return { date }
  if (days !== null) return { days }
  if (marker !== 'true' && marker !== 'false') throw new StorageError('MalformedXML')
  return { expiredObjectDeleteMarker: marker === 'true' }
}

function readTransition(transition: XmlElement): NonNullable<LifecycleRule['transitions']>[number] {
  const date = readDate(transition)
  const days = readInt(transition, 'Days')
  if ((date === null) === (days === null)) throw new StorageError('MalformedXML')
  const storageClass = required(childText(transition, 'StorageClass'))
  return date === null ? { days: days as number, storageClass } : { date, storageClass }
}

function readNoncurrent(action: XmlElement): { days: number; newerVersions?: number } {
  const newerVersions = readInt(action, 'NewerNoncurrentVersions')
  return { days: required(readInt(action, 'NoncurrentDays')), ...(newerVersions !== null && { newerVersions }) }
}

/** An ISO time in UTC; S3 takes a bare date too. */
function readDate(action: XmlElement): string | null {
  const text = childText(action, 'Date')?.trim()
  if (text === undefined) return null
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)
  const time = isIso
    ? Date.parse(/T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}${text.includes('T') ? 'Z' : ''}`)
    : NaN
  if (Number.isNaN(time)) throw new StorageError('MalformedXML')
  return new Date(time).toISOString()
}

function readInt(parent: XmlElement, name: string): number | null {
  const text = childText(parent, name)?.trim()
  if (text === undefined) return null
  const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(Math.abs(value) <= INT_MAX)) throw new StorageError('MalformedXML')
  return value
}

function readSize(parent: XmlElement, name: string): number | null {
  const text = childText(parent, name)?.trim()
  if (text === undefined) return null
  const value = /^[+-]?\d{1,19}$/.test(text) ? Number(text) : NaN
  if (Number.isNaN(value)) throw new StorageError('MalformedXML')
  return value
}

function required<T>(value: T | null): T {
  if (value === null) throw new StorageError('MalformedXML')
  return value
}

/** The `<Rule>` elements of a configuration, in the form in which each was given. */
export function lifecycleXml({ rules }: LifecycleConfiguration): string {
  return rules.map(ruleXml).join('')
}

function ruleXml(rule: LifecycleRule): string {
  const { expiration, noncurrentExpiration, abortUploadsAfterDays } = rule
  const transitions = rule.transitions?.map(
    (step) => `<Transition>${whenXml(step)}${element('StorageClass', step.storageClass)}</Transition>`,
  )
  const noncurrentTransitions = rule.noncurrentTransitions?.map(
    (step) =>
      `<NoncurrentVersionTransition>${noncurrentXml(step)}${element('StorageClass', step.storageClass)}</NoncurrentVersionTransition>`,
  )
  const fields = [
    element('ID', rule.id),
    filterXml(rule.filter),
    element('Status', rule.isEnabled ? 'Enabled' : 'Disabled'),
    ...(transitions ?? []),
    expiration ? `<Expiration>${whenXml(expiration)}</Expiration>` : '',
    ...(noncurrentTransitions ?? []),
    noncurrentExpiration
      ? `<NoncurrentVersionExpiration>${noncurrentXml(noncurrentExpiration)}</NoncurrentVersionExpiration>`
      : '',
    abortUploadsAfterDays === undefined
      ? ''
      : `<AbortIncompleteMultipartUpload>${element('DaysAfterInitiation', abortUploadsAfterDays)}</AbortIncompleteMultipartUpload>`,
  ]
  return `<Rule>${fields.join('')}</Rule>`
}

function filterXml({ form, prefix, tags = [], sizeGreaterThan, sizeLessThan }: LifecycleRule['filter']): string {
  const conditions = [
    element('Prefix', prefix ?? null),
    element('ObjectSizeGreaterThan', sizeGreaterThan ?? null),
    element('ObjectSizeLessThan', sizeLessThan ?? null),
    ...tags.map(([key, value]) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`),
  ].join('')
  if (form === 'prefix') return conditions
  return form === 'filter' ? `<Filter>${conditions}</Filter>` : `<Filter><And>${conditions}</And></Filter>`
}

function whenXml(when: { days?: number; date?: string; expiredObjectDeleteMarker?: boolean }): string {
  return [
    element('Days', when.days ?? null),
    element('Date', when.date ?? null),
    element('ExpiredObjectDeleteMarker', when.expiredObjectDeleteMarker ?? null),
  ].join('')
}

function noncurrentXml({ days, newerVersions }: { days: number; newerVersions?: number }): string {
  return element('NoncurrentDays', days) + element('NewerNoncurrentVersions', newerVersions ?? null)
}
