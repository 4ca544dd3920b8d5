// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how policies write variables
import fc from 'fast-check'
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
  expect(parsePattern('${'.repeat(2_000_000), both)).toHaveLength(4_000_000)
})

test.each([512, 543, 544, 1_000])('looks for %i characters behind a wildcard in many that are alike', (count) => {
  const [run, one] = ['a'.repeat(count), '?'.repeat(count)]
  const text = 'a'.repeat(1_024)
  expect(matches(`*${run}b`, text)).toBe(false)
  expect(matches(`*${run}b`, `${text}b`)).toBe(true)
  expect(matches(`*${run}b*c`, `${text}b${text}c`)).toBe(true)
  expect(matches(`*${one}a?b`, `${text}ab`)).toBe(true)
  expect(matches(`*b${run}`, text)).toBe(false)
  expect(matches(`*${run}?b${run}*`, `${text}${text}`)).toBe(false)
})

/** Each way that a pattern may be matched, tried in turn: right, and slow. */
function matchesSlowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) {
    return matchesSlowly(pattern.slice(1), text) || (text !== '' && matchesSlowly(pattern, text.slice(1)))
  }
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && matchesSlowly(pattern.slice(1), text.slice(1))
}

test('matches as one who tries every way', () => {
  const letters = (length: number) => fc.array(fc.constantFrom('a', 'b'), { maxLength: length })
  const parts = fc.array(fc.constantFrom('a', 'aab', 'b', '?', '*'), { maxLength: 8 })
  const seen = { true: 0, false: 0 }
  fc.assert(
    fc.property(parts, letters(24), (pattern, text) => {
      const expected = matchesSlowly(pattern.join(''), text.join(''))
      seen[`${expected}`]++
      expect(matches(pattern.join(''), text.join(''))).toBe(expected)
    }),
    { numRuns: 5_000 },
  )
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(200)
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
