import { type BlockList, isIP } from 'node:net'
import {
  fillPattern,
  matchPattern,
  type Pattern,
  type ResolveVariable,
  splitPattern,
} from '#storage-engine/auth/policy-pattern.ts'

/** What is known of a request, by key in lower case. A Map is one. Never holds what only claims to be a key's value. */
export interface ConditionContext {
  get(key: string): readonly string[] | undefined
  /** True while nobody can know the key's value yet: its conditions then hold where they allow, and not where they forbid. */
  isOpen?(key: string): boolean
}

/** One key of one operator of a Condition element. All of a statement's must hold. */
export interface Condition {
  /** In lower case. */
  key: string
  /** How several values of the request are taken together. */
  quantifier: 'one' | 'any' | 'all'
  /** A request without the key will do. */
  ifExists: boolean
  isNegated: boolean
  test: ValueTest
}

export type ValueTest =
  | { kind: 'null'; wantsAbsent: readonly boolean[] }
  | { kind: 'text'; ignoresCase: boolean; patterns: readonly Pattern[] }
  | { kind: 'number'; compare: Comparison; values: readonly number[] }
  /** Milliseconds since the epoch. */
  | { kind: 'date'; compare: Comparison; values: readonly number[] }
  | { kind: 'boolean'; values: readonly boolean[] }
  | { kind: 'binary'; values: readonly string[] }
  | { kind: 'address'; ranges: BlockList }
  /** Six parts each. */
  | { kind: 'arn'; patterns: readonly (readonly Pattern[])[] }

export type Comparison = 'equals' | 'less' | 'less-or-equal' | 'greater' | 'greater-or-equal'

const ARN_PARTS = 6

/**
 * Does the condition hold? A missing key fails, and satisfies what is negated, IfExists and ForAllValues.
 * A variable without a value compares unequal; as that would satisfy what is negated, such a condition never allows.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function holds(condition: Condition, context: ConditionContext, effect: 'Allow' | 'Deny'): boolean {
  const { test, quantifier, isNegated } = condition
  if (context.isOpen?.(condition.key) === true) return effect === 'Allow'
  const found = context.get(condition.key)
  const values = found === undefined || found.length === 0 ? null : found
  if (test.kind === 'null') return test.wantsAbsent.includes(values === null)
  if (values === null) return condition.ifExists || quantifier === 'all' || (quantifier === 'one' && isNegated)
  const resolve = resolverOf(context)
  if (effect === 'Allow' && isNegated && isUnresolved(test, resolve)) return false
  const isMatch = (value: string) => matches(test, value, resolve)
  if (quantifier === 'all') return values.every((value) => isMatch(value) !== isNegated)
  // Of a key that has one value by its nature, every value must differ for "not equals" to hold.
  if (quantifier === 'one' && isNegated) return !values.some(isMatch)
  return values.some((value) => isMatch(value) !== isNegated)
}

/** A variable stands for the only value of its key. */
export function resolverOf(context: ConditionContext): ResolveVariable {
  return (key) => {
    const values = context.get(key)
    return values?.length === 1 ? values[0] : undefined
  }
}

function isUnresolved(test: ValueTest, resolve: ResolveVariable): boolean {
  if (test.kind === 'text') return test.patterns.some((pattern) => fillPattern(pattern, resolve) === null)
  if (test.kind !== 'arn') return false
  return test.patterns.some((parts) => parts.some((part) => fillPattern(part, resolve) === null))
}

function matches(test: Exclude<ValueTest, { kind: 'null' }>, value: string, resolve: ResolveVariable): boolean {
  switch (test.kind) {
    case 'text':
      return matchesText(test, value, resolve)
    case 'number':
      return compares(test, parseNumber(value))
    case 'date':
      return compares(test, parseDate(value))
    case 'boolean':
      return test.values.includes(value.toLowerCase() === 'true')
    case 'binary':
      return test.values.includes(value)
    case 'address':
      return isInRanges(test.ranges, value)
    case 'arn':
      return matchesArn(test.patterns, value, resolve)
  }
}

function matchesText(
  { patterns, ignoresCase }: { patterns: readonly Pattern[]; ignoresCase: boolean },
  value: string,
  resolve: ResolveVariable,
): boolean {
  const text = ignoresCase ? value.toLowerCase() : value
  const fill: ResolveVariable = ignoresCase ? (key) => resolve(key)?.toLowerCase() : resolve
  return patterns.some((pattern) => {
    const filled = fillPattern(pattern, fill)
    return filled !== null && matchPattern(filled, text)
  })
}

const COMPARISONS: Record<Comparison, (own: number, value: number) => boolean> = {
  equals: (own, value) => own === value,
  less: (own, value) => own < value,
  'less-or-equal': (own, value) => own <= value,
  greater: (own, value) => own > value,
  'greater-or-equal': (own, value) => own >= value,
}

function compares(test: { compare: Comparison; values: readonly number[] }, own: number | null): boolean {
  return own !== null && test.values.some((value) => COMPARISONS[test.compare](own, value))
}

/** A decimal number; null for anything else. */
export function parseNumber(text: string): number | null {
  return /^[+-]?\d{1,30}(?:\.\d{1,30})?$/.test(text.trim()) ? Number(text) : null
}

const ISO_DATE = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/

/** An ISO 8601 date or seconds since the epoch, in milliseconds since the epoch; null for anything else. */
export function parseDate(text: string): number | null {
  const trimmed = text.trim()
  // Four digits alone are a year, as ISO 8601 has it.
  if (/^\d{5,15}$/.test(trimmed)) return Number(trimmed) * 1000
  if (!ISO_DATE.test(trimmed)) return null
  const hasTime = trimmed.includes('T')
  const time = Date.parse(hasTime && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(trimmed) ? `${trimmed}Z` : trimmed)
  return Number.isNaN(time) ? null : time
}

function isInRanges(ranges: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && ranges.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** Adds `address` or `address/bits` to the ranges. False for anything else. */
export function addRange(ranges: BlockList, text: string): boolean {
  const [address, bits, ...rest] = text.trim().split('/')
  const version = isIP(address ?? '')
  if (version === 0 || rest.length > 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const bitsMax = version === 4 ? 32 : 128
  if (bits === undefined) ranges.addAddress(address as string, family)
  else if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return false
  else ranges.addSubnet(address as string, Number(bits), family)
  return true
}

function matchesArn(patterns: readonly (readonly Pattern[])[], value: string, resolve: ResolveVariable): boolean {
  const own = splitArn(value)
  if (own === null) return false
  return patterns.some((parts) =>
    parts.every((part, index) => {
      const filled = fillPattern(part, resolve)
      return filled !== null && matchPattern(filled, own[index] as string)
    }),
  )
}

function splitArn(arn: string): string[] | null {
  const parts = arn.split(':')
  if (parts.length < ARN_PARTS) return null
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')]
}

/** The six parts of an ARN's pattern; null for anything else. */
export function splitArnPattern(pattern: Pattern): readonly Pattern[] | null {
  const parts = splitPattern(pattern, ARN_PARTS)
  return parts.length === ARN_PARTS ? parts : null
}
