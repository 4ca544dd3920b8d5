import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole
let seen: IncomingMessage[] = []

beforeAll(async () => {
  testConsole = await startTestConsole(async (request, response) => {
    seen.push(request)
    response.end('Next')
  })
})
beforeEach(() => {
  seen = []
})
afterAll(() => testConsole.stop())

test('hands pages to Next with a request id and the address of the socket', async () => {
  const answer = await testConsole.send({ path: '/login', as: null })
  expect(answer.body.toString()).toBe('Next')
  expect(seen[0]?.headers['x-sceau-address']).toBe('127.0.0.1')
  expect(seen[0]?.headers['x-request-id']).toBe(answer.headers['x-request-id'])
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('believes the proxies that are listed, and what they saw', async () => {
  const environment = { SCEAU_TRUSTED_PROXIES: '127.0.0.1' }
  const addresses: unknown[] = []
  const behindProxy = await startTestConsole(async (request, response) => {
    addresses.push(request.headers['x-sceau-address'], request.headers['x-forwarded-for'])
    response.end()
  }, environment)
  await behindProxy.send({ path: '/', as: null, headers: { 'x-forwarded-for': '10.0.0.1, 203.0.113.7' } })
  expect(addresses).toEqual(['203.0.113.7', undefined])
  await behindProxy.stop()
})

test('removes headers by which a stranger could pose as Next, as a proxy or as this server', async () => {
  const forged = {
    'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
    'x-nextjs-data': '1',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'http',
    forwarded: 'for=10.0.0.1',
    'x-request-id': 'mine',
    'x-sceau-address': '10.0.0.1',
    'x-sceau-path': '//evil.example',
    'X-Nonce': 'mine',
  }
  await testConsole.send({ path: '/', as: null, headers: forged })
  const names = Object.keys(seen[0]?.headers ?? {})
  expect(
    names.filter((name) => /^(x-middleware|x-nextjs|x-forwarded|forwarded|x-nonce|x-sceau-path)/.test(name)),
  ).toEqual([])
  expect(seen[0]?.headers).toMatchObject({ 'x-sceau-address': '127.0.0.1' })
  expect(seen[0]?.headers['x-request-id']).not.toBe('mine')
  expect(seen[0]?.rawHeaders.join()).not.toMatch(/evil|x-middleware|mine/)
})

test('sends security headers with every answer', async () => {
  const page = await testConsole.send({ path: '/', as: null })
  const headers = { 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin' }
  expect(page.headers).toMatchObject({ ...headers, 'strict-transport-security': 'max-age=31536000' })
  const api = await testConsole.send({ path: '/api/v1/session', as: null })
  expect(api.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
})

test('does not bind all of localhost to HTTPS', async () => {
  const page = await testConsole.send({ path: '/', as: null, headers: { host: `localhost:${testConsole.port}` } })
  expect(page.headers['strict-transport-security']).toBeUndefined()
})

test.each([
  ['another origin', { origin: 'https://evil.example' }],
  ['another port', { origin: 'https://127.0.0.1:1' }],
  ['plain http', { origin: 'http://127.0.0.1' }],
  ['no real origin', { origin: 'null' }],
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sister site', { 'sec-fetch-site': 'same-site' }],
  ['no page at all', { 'sec-fetch-site': 'none' }],
])('refuses a mutation that comes from %s, before anybody sees it', async (_, headers) => {
  for (const path of ['/api/v1/namespaces/acme/buckets', '/api/auth/signout', '/_data/acme/b/object?key=a', '/login']) {
    const answer = await testConsole.send({ method: 'POST', path, as: 'owner', headers, body: '{}' })
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'CrossSiteRequest' } } })
  }
  expect(seen).toHaveLength(0)
})

test('refuses a mutation without Origin or Sec-Fetch-Site', async () => {
  for (const name of ['origin', 'sec-fetch-site']) {
    const answer = await testConsole.send({ method: 'DELETE', path: '/api/v1/x', as: 'owner', headers: { [name]: '' } })
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'CrossSiteRequest' } } })
  }
})

test('lets the console’s own pages change things', async () => {
  expect((await testConsole.send({ method: 'POST', path: '/api/v1/x', as: 'owner', body: '{}' })).status).toBe(200)
})
