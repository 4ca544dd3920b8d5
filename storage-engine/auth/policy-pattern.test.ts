// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how policies write variables
import { expect, test } from 'vitest'
import { fillPattern, matchPattern, parsePattern, splitPattern } from '#storage-engine/auth/policy-pattern.ts'

const both = { wildcards: true, variables: true }

function matches(pattern: string, text: string, values: Record<string, string> = {}, options = both): boolean {
  const filled = fillPattern(parsePattern(pattern, options), (key) => values[key])
  return filled !== null && matchPattern(filled, text)
}

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['a*c*e', 'abcde', true],
  ['a*c*e', 'abcdef', false],
  ['a**b', 'ab', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['*/public/*', 'x/public/', true],
  ['a.c', 'abc', false],
  ['(a|b)+', 'a', false],
])('%s against %s is %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected)
})

test('answers a hostile pattern at once', () => {
  expect(matches('a*'.repeat(5_000), 'a'.repeat(10_000))).toBe(true)
  expect(matches(`${'a*'.repeat(500)}b`, 'a'.repeat(1_024))).toBe(false)
})

test('fills in variables literally, falls back, and matches nothing for want of a value', () => {
  const values = { 'aws:username': 'a*' }
  expect(matches('home/${aws:username}/*', 'home/a*/x', values)).toBe(true)
  expect(matches('home/${AWS:UserName}/*', 'home/ab/x', values)).toBe(false)
  expect(matches("home/${aws:username, 'guest'}", 'home/guest')).toBe(true)
  expect(matches('home/${aws:username}', 'home/')).toBe(false)
})

test('takes escaped characters for themselves', () => {
  expect(matches('${*}${?}${$}', '*?$')).toBe(true)
  expect(matches('${*}', 'abc')).toBe(false)
})

test('leaves variables and wildcards alone where they mean nothing', () => {
  expect(matches('${aws:username}*', '${aws:username}*', {}, { wildcards: false, variables: false })).toBe(true)
  expect(matches('a*', 'ab', {}, { wildcards: false, variables: true })).toBe(false)
})

test('splits at its own colons only, and not behind the last part', () => {
  const text = (pattern: readonly unknown[]) => pattern.map((unit) => String.fromCharCode(unit as number)).join('')
  const split = (pattern: string, count: number) => splitPattern(parsePattern(pattern, both), count).map(text)
  expect(split('arn:aws:s3:::a:b', 6)).toEqual(['arn', 'aws', 's3', '', '', 'a:b'])
  expect(splitPattern(parsePattern('a:${x}', both), 6)).toHaveLength(2)
})
