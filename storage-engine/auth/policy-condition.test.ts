// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how policies write variables
import { expect, test } from 'vitest'
import { parseConditions } from '#storage-engine/auth/condition-syntax.ts'
import { holds, parseDate } from '#storage-engine/auth/policy-condition.ts'

type Context = Record<string, string | string[]>

/** Does the Condition element hold for a request of these keys? */
function check(condition: object, context: Context, effect: 'Allow' | 'Deny' = 'Allow'): boolean {
  const values = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), [value].flat()]))
  const conditions = parseConditions(condition, { variables: true, isS3: true })
  return conditions.every((each) => holds(each, values, effect))
}

const PREFIX = 's3:prefix'
const IP = 'aws:SourceIp'
const DATE = 'aws:CurrentTime'
const TAGS = 's3:RequestObjectTagKeys'
const ARN = 'aws:PrincipalArn'

test.each([
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', ['b', 'a'], 'a', true],
  ['StringNotEquals', ['b', 'a'], 'a', false],
  ['StringNotEquals', 'a', 'b', true],
  ['StringEqualsIgnoreCase', 'Ab', 'aB', true],
  ['StringNotEqualsIgnoreCase', 'Ab', 'aB', false],
  ['StringLike', 'a*/?', 'abc/d', true],
  ['StringLike', 'a*/?', 'abc/de', false],
  ['StringNotLike', 'a*', 'b', true],
] as const)('%s %j of %s is %s', (operator, expected, value, result) => {
  expect(check({ [operator]: { [PREFIX]: expected } }, { [PREFIX]: value })).toBe(result)
})

test.each([
  ['NumericEquals', 10, '10', true],
  ['NumericEquals', '10.0', '10', true],
  ['NumericNotEquals', '10', '10', false],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericGreaterThan', '9', '10', true],
  ['NumericGreaterThanEquals', '10', '9', false],
  ['NumericLessThan', '10', 'many', false],
] as const)('%s %s of %s is %s', (operator, expected, value, result) => {
  expect(check({ [operator]: { 's3:max-keys': expected } }, { 's3:max-keys': value })).toBe(result)
})

test.each([
  ['DateGreaterThan', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01.000Z', true],
  ['DateLessThan', '2026-01-01', '2025-12-31T23:59:59Z', true],
  ['DateLessThanEquals', '1767225600', '2026-01-01T00:00:00Z', true],
  ['DateEquals', '2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00Z', true],
  ['DateNotEquals', '2026-01-01', '2026-01-01T00:00:00Z', false],
  ['DateGreaterThanEquals', '2026', '2026-01-01T00:00:00Z', true],
] as const)('%s %s of %s is %s', (operator, expected, value, result) => {
  expect(check({ [operator]: { [DATE]: expected } }, { [DATE]: value })).toBe(result)
})

test.each([
  ['IpAddress', '192.0.2.0/24', '192.0.2.9', true],
  ['IpAddress', '192.0.2.0/24', '192.0.3.9', false],
  ['IpAddress', '192.0.2.7', '192.0.2.7', true],
  ['IpAddress', '2001:db8::/32', '2001:db8:1::5', true],
  ['IpAddress', ['10.0.0.0/8', '2001:db8::/32'], '10.1.1.1', true],
  ['NotIpAddress', '192.0.2.0/24', '192.0.2.9', false],
  ['NotIpAddress', '192.0.2.0/24', '203.0.113.1', true],
  ['IpAddress', '0.0.0.0/0', 'nonsense', false],
] as const)('%s %j of %s is %s', (operator, expected, value, result) => {
  expect(check({ [operator]: { [IP]: expected } }, { [IP]: value })).toBe(result)
})

test.each([
  ['ArnLike', 'arn:aws:iam::acme:user/*', 'arn:aws:iam::acme:user/eu/bob', true],
  ['ArnEquals', 'arn:aws:iam::*:user/bob', 'arn:aws:iam::acme:user/bob', true],
  ['ArnLike', 'arn:aws:*', 'arn:aws:iam::acme:user/bob', null],
  ['ArnLike', 'arn:aws:iam::*:user/bob', 'arn:aws:iam::acme:x:user/bob', false],
  ['ArnNotLike', 'arn:aws:iam::acme:*', 'arn:aws:iam::globex:root', true],
  ['ArnLike', 'arn:aws:iam::acme:user/bob', 'bob', false],
] as const)('%s %s of %s is %s, part by part', (operator, expected, value, result) => {
  const ask = () => check({ [operator]: { [ARN]: expected } }, { [ARN]: value })
  if (result === null) expect(ask).toThrow('Invalid value')
  else expect(ask()).toBe(result)
})

test('Bool and BinaryEquals compare their own way', () => {
  expect(check({ Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': 'true' })).toBe(true)
  expect(check({ Bool: { 'aws:SecureTransport': 'FALSE' } }, { 'aws:SecureTransport': 'true' })).toBe(false)
  expect(check({ BinaryEquals: { [PREFIX]: 'AAE=' } }, { [PREFIX]: 'AAE=' })).toBe(true)
})

test('Null asks whether a key is there', () => {
  expect(check({ Null: { [PREFIX]: 'true' } }, {})).toBe(true)
  expect(check({ Null: { [PREFIX]: 'true' } }, { [PREFIX]: '' })).toBe(false)
  expect(check({ Null: { [PREFIX]: false } }, { [PREFIX]: '' })).toBe(true)
  expect(check({ Null: { [PREFIX]: [true, false] } }, {})).toBe(true)
})

test('a missing key fails, unless the operator is negated or ends with IfExists', () => {
  for (const operator of ['StringEquals', 'StringLike'])
    expect(check({ [operator]: { [PREFIX]: 'a' } }, {})).toBe(false)
  for (const operator of ['StringNotEquals', 'StringNotLike', 'StringEqualsIfExists', 'StringNotEqualsIfExists']) {
    expect(check({ [operator]: { [PREFIX]: 'a' } }, {})).toBe(true)
  }
  expect(check({ StringEqualsIfExists: { [PREFIX]: 'a' } }, { [PREFIX]: 'b' })).toBe(false)
  expect(check({ IpAddress: { [IP]: '10.0.0.0/8' } }, {})).toBe(false)
  expect(check({ NotIpAddress: { [IP]: '10.0.0.0/8' } }, {})).toBe(true)
})

test('ForAllValues and ForAnyValue take many values together, negated ones too', () => {
  const ask = (operator: string, values: string[]) => check({ [operator]: { [TAGS]: ['a', 'b'] } }, { [TAGS]: values })
  expect(ask('ForAllValues:StringEquals', ['a', 'b'])).toBe(true)
  expect(ask('ForAllValues:StringEquals', ['a', 'c'])).toBe(false)
  expect(ask('ForAllValues:StringEquals', [])).toBe(true)
  expect(ask('ForAnyValue:StringEquals', ['c', 'b'])).toBe(true)
  expect(ask('ForAnyValue:StringEquals', ['c'])).toBe(false)
  expect(ask('ForAnyValue:StringEquals', [])).toBe(false)
  expect(ask('ForAllValues:StringNotEquals', ['c', 'd'])).toBe(true)
  expect(ask('ForAllValues:StringNotEquals', ['c', 'a'])).toBe(false)
  expect(ask('ForAnyValue:StringNotEquals', ['c', 'a'])).toBe(true)
  expect(ask('ForAnyValue:StringNotEquals', ['a', 'b'])).toBe(false)
  expect(ask('ForAnyValue:StringNotEquals', [])).toBe(false)
})

test('every key of every operator must hold', () => {
  const condition = { StringLike: { [PREFIX]: 'a*' }, IpAddress: { [IP]: '10.0.0.0/8' } }
  expect(check(condition, { [PREFIX]: 'ab', [IP]: '10.1.1.1' })).toBe(true)
  expect(check(condition, { [PREFIX]: 'ab', [IP]: '11.1.1.1' })).toBe(false)
})

test('a variable stands for a value, and a missing one never makes an Allow wider', () => {
  const own = { StringLike: { [PREFIX]: 'home/${aws:username}/*' } }
  expect(check(own, { [PREFIX]: 'home/bob/x', 'aws:username': 'bob' })).toBe(true)
  expect(check(own, { [PREFIX]: 'home/bob/x', 'aws:username': 'eve' })).toBe(false)
  expect(check(own, { [PREFIX]: 'home//x' })).toBe(false)
  const others = { StringNotEquals: { [PREFIX]: '${aws:username}' } }
  expect(check(others, { [PREFIX]: 'home' }, 'Allow')).toBe(false)
  expect(check(others, { [PREFIX]: 'home' }, 'Deny')).toBe(true)
})

test('keys have no case', () => {
  expect(check({ StringEquals: { 'AWS:userAgent': 'x' } }, { 'aws:UserAgent': 'x' })).toBe(true)
})

test.each([
  [{ StringSame: { [PREFIX]: 'a' } }, 'Invalid Condition type : StringSame'],
  [{ NullIfExists: { [PREFIX]: 'true' } }, 'Invalid Condition type : NullIfExists'],
  [{ 'ForSomeValues:StringEquals': { [PREFIX]: 'a' } }, 'Invalid Condition type'],
  [{ NumericEquals: { [PREFIX]: 'a' } }, 'Invalid value for condition NumericEquals'],
  [{ DateEquals: { [PREFIX]: 'tomorrow' } }, 'Invalid value for condition DateEquals'],
  [{ IpAddress: { [IP]: '10.0.0.0/33' } }, 'Invalid value for condition IpAddress'],
  [{ Bool: { [PREFIX]: 'perhaps' } }, 'Invalid value for condition Bool'],
  [{ StringEquals: { 's3:anything': 'a' } }, 'Policy has an invalid condition key'],
  [{ StringEquals: { 'x-amz-acl': 'a' } }, 'Policy has an invalid condition key'],
  [{ StringEquals: { [PREFIX]: { a: 1 } } }, 'This policy contains invalid Json'],
  [{ StringEquals: 'a' }, 'This policy contains invalid Json'],
  ['StringEquals', 'This policy contains invalid Json'],
])('refuses %j: %s', (condition, message) => {
  expect(() => parseConditions(condition, { variables: true, isS3: true })).toThrow(message)
})

test('reads dates as ISO 8601 has them and seconds since the epoch, and nothing else', () => {
  expect(parseDate('1767225600')).toBe(Date.UTC(2026, 0, 1))
  expect(parseDate('2026-01-01T00:00')).toBe(Date.UTC(2026, 0, 1))
  for (const wrong of ['', 'now', '1 Jan 2026', '2026-13-01', '-5']) expect(parseDate(wrong)).toBeNull()
})
