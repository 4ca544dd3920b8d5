import { expect, test } from 'vitest'
import type { CorsRule } from '#storage-engine/bucket-settings.ts'
import { checkCorsRules } from '#storage-engine/buckets/cors-rules.ts'
import { allowedHeaders, corsHeaders, findCorsRule } from '#storage-engine/s3/cors.ts'
import { corsXml, readCorsRules } from '#storage-engine/s3/cors-xml.ts'

const rule = (changes: Partial<CorsRule>): CorsRule => ({
  allowedOrigins: ['https://a.example'],
  allowedMethods: ['GET'],
  allowedHeaders: [],
  exposeHeaders: [],
  ...changes,
})

test('writes what it reads, in any order of elements', () => {
  const full = rule({ id: 'x', allowedHeaders: ['x-amz-*'], exposeHeaders: ['ETag'], maxAgeSeconds: 0 })
  expect(readCorsRules(Buffer.from(corsXml([full, rule({})])))).toEqual([full, rule({})])
})

test.each([
  '<Other/>',
  '<CORSConfiguration><Rule/></CORSConfiguration>',
  '<CORSConfiguration><CORSRule><AllowCredentials>true</AllowCredentials></CORSRule></CORSConfiguration>',
  '<CORSConfiguration><CORSRule><MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule></CORSConfiguration>',
])('answers MalformedXML for %s', (text) => {
  expect(() => readCorsRules(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
})

test.each<[string, string, Partial<CorsRule>]>([
  ['an unknown method', 'InvalidRequest', { allowedMethods: ['PATCH'] }],
  ['two wildcards in an origin', 'InvalidRequest', { allowedOrigins: ['*.a.*'] }],
  ['two wildcards in a header', 'InvalidRequest', { allowedHeaders: ['x-*-*'] }],
  ['a wildcard in an exposed header', 'InvalidRequest', { exposeHeaders: ['x-*'] }],
  ['a line break in an exposed header', 'InvalidRequest', { exposeHeaders: ['a\r\nb'] }],
  ['no origin', 'MalformedXML', { allowedOrigins: [] }],
  ['no method', 'MalformedXML', { allowedMethods: [] }],
  ['a long id', 'MalformedXML', { id: 'x'.repeat(256) }],
])('refuses a rule with %s: %s', (_name, code, changes) => {
  expect(() => checkCorsRules([rule(changes)])).toThrow(expect.objectContaining({ code }))
})

test('allows 1 to 100 rules', () => {
  expect(() => checkCorsRules(Array.from({ length: 100 }, () => rule({ id: 'x'.repeat(255) })))).not.toThrow()
  for (const count of [0, 101]) {
    const rules = Array.from({ length: count }, () => rule({}))
    expect(() => checkCorsRules(rules)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
  }
})

test.each([
  ['https://a.example', 'https://a.example', true],
  ['https://a.example', 'https://A.example', false],
  ['*', 'null', true],
  ['*.suffix', 'foo.suffix', true],
  ['*.suffix', 'foo.suffix.get', false],
  ['start*end', 'startend', true],
  ['start*end', '0startend', false],
  ['ab*ba', 'aba', false],
  ['prefix*', 'prefix', true],
])('the origin %s fits %s: %s', (pattern, origin, fits) => {
  const found = findCorsRule([rule({ allowedOrigins: [pattern] })], { origin, method: 'GET', headers: [] })
  expect(found !== null).toBe(fits)
})

test('takes the first rule that allows origin, method and every header', () => {
  const put = rule({ allowedMethods: ['PUT'], allowedHeaders: ['X-Amz-Meta-*', 'content-type'] })
  const ask = { origin: 'https://a.example', method: 'PUT', headers: ['x-amz-meta-a', 'content-type'] }
  expect(findCorsRule([rule({}), put, rule({ allowedMethods: ['PUT'] })], ask)).toBe(put)
  expect(findCorsRule([rule({}), put], { ...ask, headers: ['x-amz-acl'] })).toBeNull()
  expect(findCorsRule([put], { ...ask, method: 'GET' })).toBeNull()
})

test('names the origin and allows credentials, unless a rule is for any origin', () => {
  const ask = { origin: 'https://b.example', method: 'GET', headers: ['x-a', 'x-b'] }
  const wide = allowedHeaders(rule({ allowedOrigins: ['*'], exposeHeaders: ['ETag', 'x-c'], maxAgeSeconds: 5 }), ask)
  expect(wide.join('|')).toBe(
    'Access-Control-Allow-Origin|*|Access-Control-Allow-Methods|GET|Access-Control-Allow-Headers|x-a, x-b|Access-Control-Expose-Headers|ETag, x-c|Access-Control-Max-Age|5|Vary|Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  )
  const narrow = allowedHeaders(rule({ allowedOrigins: ['https://*.example'] }), ask)
  expect(narrow.slice(0, 2)).toEqual(['Access-Control-Allow-Origin', 'https://b.example'])
  expect(narrow).toContain('Access-Control-Allow-Credentials')
})

test('an answer always varies by origin, also to who names none or another', () => {
  const rules = [rule({})]
  expect(corsHeaders(rules, { method: 'GET', headers: new Map() })).toEqual(['Vary', expect.any(String)])
  expect(corsHeaders(rules, { method: 'GET', headers: new Map([['origin', 'https://b.example']]) })).toHaveLength(2)
  const asked = new Map([
    ['origin', 'https://a.example'],
    ['access-control-request-method', 'GET'],
  ])
  expect(corsHeaders(rules, { method: 'PUT', headers: asked })).toContain('https://a.example')
})
