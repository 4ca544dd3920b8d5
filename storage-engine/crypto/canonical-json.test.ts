import { expect, it } from 'vitest'
import { canonicalJson, type JsonValue } from '#storage-engine/crypto/canonical-json.ts'

it('writes the example of RFC 8785 §3.2.2 as §3.2.3 has it, without its fractions', () => {
  const input = JSON.parse(
    '{"literals": [null, true, false], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "numbers": [0, 4503599627370497]}',
  )
  expect(canonicalJson(input)).toBe(
    '{"literals":[null,true,false],"numbers":[0,4503599627370497],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

it('orders names by UTF-16 code units, as RFC 8785 §3.2.3 shows', () => {
  const input = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  expect(Object.values(JSON.parse(canonicalJson(input)) as object).sort()).toEqual(Object.values(input).sort())
  const order = [...canonicalJson(input).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)
  expect(order).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

it('writes the same value the same way, however it was put together', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: '' })).toBe(canonicalJson({ a: '', b: [{ c: 2, d: 1 }] }))
})

const deep = (levels: number): JsonValue => (levels === 0 ? 0 : [deep(levels - 1)])

it.each([
  ['a fraction', 1.5],
  ['a number that is not safe', 2 ** 53],
  ['minus zero', -0],
  ['not a number', Number.NaN],
  ['a lone surrogate', '\ud800'],
  ['a name with a lone surrogate', { '\udfff': 1 }],
  ['nothing', undefined],
  ['a member that is nothing', { a: undefined }],
  ['a date', new Date()],
  ['a buffer', Buffer.from('a')],
  ['a big integer', 1n],
  ['what is nested too deep', deep(40)],
])('refuses %s', (_name, value) => {
  expect(() => canonicalJson(value as JsonValue)).toThrow(TypeError)
})
