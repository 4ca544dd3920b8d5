import { NextRequest } from 'next/server'
import { expect, test } from 'vitest'
import { proxy } from '#proxy.ts'

const answer = (path = '/n/acme/buckets?sort=size') => proxy(new NextRequest(`https://console.example${path}`))
const policyOf = (response: Response) => response.headers.get('content-security-policy') ?? ''

test('gives every page a nonce of its own, in the policy and to the page', () => {
  const [first, second] = [answer(), answer()]
  const nonce = /'nonce-([A-Za-z0-9+/]{22}==)'/.exec(policyOf(first))?.[1]
  expect(nonce).toBeDefined()
  expect(first.headers.get('x-middleware-request-x-nonce')).toBe(nonce)
  expect(policyOf(second)).not.toContain(nonce)
})

test('lets no other script run, nobody frame the console, and no form leave it', () => {
  const policy = policyOf(answer())
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic';/)
  expect(policy).not.toContain('unsafe-eval')
  for (const rule of [
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ]) {
    expect(policy).toContain(rule)
  }
})

test('tells the page its path, for the way back after a sign-in', () => {
  expect(answer().headers.get('x-middleware-request-x-sceau-path')).toBe('/n/acme/buckets?sort=size')
})
