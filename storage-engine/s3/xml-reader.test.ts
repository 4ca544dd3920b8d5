import { expect, test } from 'vitest'
import { childrenOf, childText, expectRoot, readXml } from '#storage-engine/s3/xml-reader.ts'
import { escapeXml } from '#storage-engine/xml-text.ts'

const read = (text: string) => readXml(Buffer.from(text))

test('reads elements with and without a namespace, a prefix, entities and CDATA', () => {
  for (const text of [
    '<A><K>a&amp;b</K><K/></A>',
    '<A xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><K>a&#38;b</K><K></K></A>',
    '<?xml version="1.0"?>\n<s:A xmlns:s="x"><s:K><![CDATA[a&b]]></s:K><s:K/></s:A>\n',
  ]) {
    expect(childrenOf(expectRoot(read(text), 'A'), 'K').map((child) => child.text)).toEqual(['a&b', ''])
  }
})

test.each([
  '',
  'text',
  '<A>',
  '<A></B>',
  '<A/><B/>',
  '<!DOCTYPE A><A/>',
  '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>',
  '<A>&unknown;</A>',
  `${'<A>'.repeat(17)}${'</A>'.repeat(17)}`,
])('answers MalformedXML for %j', (text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
})

test('answers MalformedXML for bytes that are no UTF-8, a second value, and another root', () => {
  const malformed = expect.objectContaining({ code: 'MalformedXML' })
  expect(() => readXml(Buffer.from('<A>\xff</A>', 'latin1'))).toThrow(malformed)
  expect(() => childText(read('<A><K/><K/></A>'), 'K')).toThrow(malformed)
  expect(() => expectRoot(read('<A/>'), 'B')).toThrow(malformed)
})

test('is not confused by names of Object.prototype', () => {
  expect(childText(read('<A><__proto__>x</__proto__></A>'), '__proto__')).toBe('x')
  expect(childText(read('<A/>'), 'constructor')).toBeNull()
})

test('escapes what XML would read otherwise, and control characters as references', () => {
  expect(escapeXml('a&<>"\r\x01b')).toBe('a&amp;&lt;&gt;&quot;&#xd;&#x1;b')
})
