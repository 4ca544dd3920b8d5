import type { JWT } from 'next-auth/jwt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authOptions } from '#lib/server/auth-options.ts'
import { SESSION_COOKIE } from '#lib/server/session-cookie.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { PASSWORD, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

interface Provider {
  options: {
    authorize(
      credentials: unknown,
      request: { headers: Record<string, string> },
    ): Promise<{ sessionToken: string } | null>
  }
}

let addresses = 0
function authorize(credentials: Record<string, string>, headers: Record<string, string> = {}) {
  const [provider] = authOptions().providers as unknown as Provider[]
  const address = `198.51.100.${++addresses}`
  return (provider as Provider).options.authorize(credentials, { headers: { 'x-sceau-address': address, ...headers } })
}

const find = (token: string) => testConsole.service.sessions.find({ token, address: null, requestId: '' })
const decode = (token: string) => authOptions().jwt?.decode?.({ token, secret: '' })

/** The cookie that next-auth sets after a sign-in. */
async function cookieOf(user: { sessionToken: string }): Promise<string | undefined> {
  const { callbacks, jwt } = authOptions()
  const token = await callbacks?.jwt?.({ token: {}, user: { id: 'u', ...user }, account: null })
  return jwt?.encode?.({ token: token as JWT, secret: '' })
}

test('puts the opaque token into the cookie, and nothing else', async () => {
  const user = await authorize({ username: 'Owner', password: PASSWORD })
  const cookie = await cookieOf(user as { sessionToken: string })
  expect(cookie).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(await find(cookie as string)).toMatchObject({ username: 'owner' })
  expect(await decode(cookie as string)).toMatchObject({ sub: testConsole.userIds.owner })
})

test('sets a cookie that belongs to this host only, over TLS, out of reach of scripts', () => {
  expect(authOptions().cookies?.sessionToken).toEqual({
    name: '__Host-sceau.session',
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true },
  })
})

test('answers the same null for a wrong password, an unknown name and no input', async () => {
  for (const credentials of [{ username: 'owner', password: 'x' }, { username: 'nobody', password: 'x' }, {}]) {
    expect(await authorize(credentials as Record<string, string>)).toBeNull()
  }
})

test('says when it is too often', async () => {
  const headers = { 'x-sceau-address': '203.0.113.1' }
  for (let count = 0; count < 5; count++) await authorize({ username: 'owner', password: 'x' }, headers)
  await expect(authorize({ username: 'owner', password: PASSWORD }, headers)).rejects.toThrow('TooManyAttempts')
})

test('ends the session that the browser had before, once the new one is open', async () => {
  const before = await testConsole.signIn('owner')
  const cookie = { cookie: `a=b; ${SESSION_COOKIE}=${before}` }
  expect(await authorize({ username: 'owner', password: 'wrong' }, cookie)).toBeNull()
  expect(await find(before)).not.toBeNull()
  expect(await authorize({ username: 'owner', password: PASSWORD }, cookie)).not.toBeNull()
  expect(await find(before)).toBeNull()
})

test('revokes the session when its person signs out', async () => {
  const token = await testConsole.signIn('owner')
  await authOptions().events?.signOut?.({ token: (await decode(token)) as JWT, session: undefined as never })
  expect(await find(token)).toBeNull()
  expect(await decode(token)).toBeNull()
})

test('sends nobody to another site after a sign-in', async () => {
  const redirect = (url: string) => authOptions().callbacks?.redirect?.({ url, baseUrl: 'https://console.example' })
  expect(await redirect('/n/acme')).toBe('https://console.example/n/acme')
  expect(await redirect('https://console.example/n/acme')).toBe('https://console.example/n/acme')
  for (const url of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    'http://console.example/',
    'https://[',
  ]) {
    expect(await redirect(url)).toBe('https://console.example')
  }
})

test('writes sign-ins to the audit, refused ones too, and no password', async () => {
  await authorize({ username: 'auditor', password: 'hunter2hunter2' })
  await authorize({ username: 'auditor', password: PASSWORD })
  const events = await listAuditEvents(testConsole.engine.db, { namespaceId: null, before: null, limit: 100 })
  const own = events.filter(({ actor }) => actor === 'auditor')
  expect(own).toMatchObject([
    { action: 'session.open', result: 'ok' },
    { action: 'session.open', result: 'denied', details: { error: 'InvalidCredentials' } },
  ])
  expect(JSON.stringify(events)).not.toMatch(/hunter2|correct horse/)
})

test('writes down no name that nobody has, as people type passwords there, and nothing beyond the limit', async () => {
  const headers = { 'x-sceau-address': '203.0.113.2' }
  await authorize({ username: ' AUDITOR ', password: 'x' }, headers)
  for (const username of ['hunter2hunter2', 'nul\0', 'hunter2hunter2'])
    await authorize({ username, password: 'x' }, headers)
  for (let count = 0; count < 9; count++) {
    await authorize({ username: 'reader', password: 'x' }, headers).catch(() => {})
  }
  const events = await listAuditEvents(testConsole.engine.db, { namespaceId: null, before: null, limit: 100 })
  const own = events.filter(({ address }) => address === '203.0.113.2').reverse()
  expect(own.map(({ actor }) => actor)).toEqual(['auditor', ...Array(3).fill('(unknown)'), ...Array(5).fill('reader')])
  expect(own.map(({ target }) => target)).toEqual(own.map(({ actor }) => actor))
})
