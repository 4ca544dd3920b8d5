import { BlockList } from 'node:net'
import {
  addRange,
  type Comparison,
  type Condition,
  parseDate,
  parseNumber,
  splitArnPattern,
  type ValueTest,
} from '#storage-engine/auth/policy-condition.ts'
import { parsePattern } from '#storage-engine/auth/policy-pattern.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'
import { isS3ConditionKey } from '#storage-engine/auth/s3-condition-keys.ts'

const KEYS_MAX = 1_000
const VALUES_MAX = 5_000
const KEY = /^[A-Za-z0-9-]+:[^\s]{1,256}$/

interface Scope {
  variables: boolean
  /** Keys must be S3's own or AWS's global ones. */
  isS3: boolean
}

type Operator = { isNegated: boolean; read: (values: string[], scope: Scope) => ValueTest | null }

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', text({ wildcards: false, ignoresCase: false })),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', text({ wildcards: false, ignoresCase: true })),
  ...pair('StringLike', 'StringNotLike', text({ wildcards: true, ignoresCase: false })),
  ...pair('ArnEquals', 'ArnNotEquals', readArns),
  ...pair('ArnLike', 'ArnNotLike', readArns),
  ...pair('IpAddress', 'NotIpAddress', readAddresses),
  ...pair('NumericEquals', 'NumericNotEquals', compared('number', 'equals')),
  ...pair('DateEquals', 'DateNotEquals', compared('date', 'equals')),
  ...(['Numeric', 'Date'] as const).flatMap((family) => {
    const kind = family === 'Date' ? 'date' : 'number'
    return [
      ...pair(`${family}LessThan`, null, compared(kind, 'less')),
      ...pair(`${family}LessThanEquals`, null, compared(kind, 'less-or-equal')),
      ...pair(`${family}GreaterThan`, null, compared(kind, 'greater')),
      ...pair(`${family}GreaterThanEquals`, null, compared(kind, 'greater-or-equal')),
    ]
  }),
  ...pair('Bool', null, (values) => readBooleans(values, (booleans) => ({ kind: 'boolean', values: booleans }))),
  ...pair('Null', null, (values) => readBooleans(values, (booleans) => ({ kind: 'null', wantsAbsent: booleans }))),
  ...pair('BinaryEquals', null, (values) => ({ kind: 'binary', values })),
])

/** Reads a Condition element; undefined is none. Throws PolicySyntaxError. */
export function parseConditions(element: unknown, scope: Scope): Condition[] {
  if (element === undefined) return []
  const conditions: Condition[] = []
  for (const [name, keys] of entriesOf(element)) {
    const { operator, quantifier, ifExists } = parseOperator(name)
    for (const [key, value] of entriesOf(keys)) {
      checkKey(key, scope)
      const test = operator.read(valuesOf(value), scope)
      if (test === null) throw new PolicySyntaxError(`Invalid value for condition ${name}`)
      conditions.push({ key: key.toLowerCase(), quantifier, ifExists, isNegated: operator.isNegated, test })
    }
  }
  return conditions
}

/** `ForAllValues:StringNotLikeIfExists` and the like. */
function parseOperator(name: string): { operator: Operator } & Pick<Condition, 'quantifier' | 'ifExists'> {
  const [, prefix, plain, suffix] = /^(ForAnyValue:|ForAllValues:)?([A-Za-z]+?)(IfExists)?$/.exec(name) ?? []
  const operator = OPERATORS.get(plain ?? '')
  // Null asks whether the key exists: "if it exists" would make no sense of it.
  if (operator === undefined || (plain === 'Null' && suffix !== undefined)) {
    throw new PolicySyntaxError(`Invalid Condition type : ${name}`)
  }
  const quantifier = prefix === undefined ? 'one' : prefix === 'ForAnyValue:' ? 'any' : 'all'
  return { operator, quantifier, ifExists: suffix !== undefined }
}

function checkKey(key: string, { isS3 }: Scope): void {
  const isKnown = KEY.test(key) && (!isS3 || /^aws:/i.test(key) || isS3ConditionKey(key.toLowerCase()))
  if (!isKnown) throw new PolicySyntaxError('Policy has an invalid condition key')
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new PolicySyntaxError()
  const entries = Object.entries(value)
  if (entries.length > KEYS_MAX) throw new PolicySyntaxError()
  return entries
}

/** Numbers and booleans may stand without quotes. */
function valuesOf(value: unknown): string[] {
  const listed: unknown[] = Array.isArray(value) ? value : [value]
  const isPlain = (each: unknown) => ['string', 'number', 'boolean'].includes(typeof each)
  if (listed.length > VALUES_MAX || !listed.every(isPlain)) throw new PolicySyntaxError()
  return listed.map(String)
}

function pair(name: string, negated: string | null, read: Operator['read']): [string, Operator][] {
  const own: [string, Operator] = [name, { isNegated: false, read }]
  return negated === null ? [own] : [own, [negated, { isNegated: true, read }]]
}

function text(options: { wildcards: boolean; ignoresCase: boolean }): Operator['read'] {
  const { wildcards, ignoresCase } = options
  return (values, { variables }) => ({
    kind: 'text',
    ignoresCase,
    patterns: values.map((value) => parsePattern(ignoresCase ? value.toLowerCase() : value, { wildcards, variables })),
  })
}

function compared(kind: 'number' | 'date', compare: Comparison): Operator['read'] {
  const parse = kind === 'date' ? parseDate : parseNumber
  return (texts) => {
    const values = texts.map(parse)
    return values.includes(null) ? null : { kind, compare, values: values as number[] }
  }
}

function readBooleans(values: string[], build: (booleans: boolean[]) => ValueTest): ValueTest | null {
  const lower = values.map((value) => value.toLowerCase())
  return lower.every((value) => value === 'true' || value === 'false')
    ? build(lower.map((value) => value === 'true'))
    : null
}

function readAddresses(values: string[]): ValueTest | null {
  const ranges = new BlockList()
  return values.every((value) => addRange(ranges, value)) ? { kind: 'address', ranges } : null
}

function readArns(values: string[], { variables }: Scope): ValueTest | null {
  const patterns = values.map((value) => splitArnPattern(parsePattern(value, { wildcards: true, variables })))
  // A lone `*` is no ARN, but policies say it, and it means what it says.
  const anyArn = Array.from({ length: 6 }, () => parsePattern('*', { wildcards: true, variables }))
  const read = patterns.map((pattern, index) => (values[index] === '*' ? anyArn : pattern))
  return read.every((pattern) => pattern !== null) ? { kind: 'arn', patterns: read } : null
}
