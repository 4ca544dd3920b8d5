import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { JSON_BYTES_MAX } from '#lib/server/read-json.ts'
import { route } from '#lib/server/route.ts'
import { SESSION_COOKIE } from '#lib/server/session-cookie.ts'
import * as engineSide from '#storage-engine/accounts/console-sessions.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole
let calls = 0

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

const output = z.object({ who: z.string() })
const count = async ({ actor }: { actor: { username: string } }) => {
  calls++
  return { who: actor.username, secret: 'left out' }
}
const write = route({ permission: 'object-storage_write', body: z.object({ size: z.number() }), output }, count)
const administer = route({ permission: 'administrator', output }, count)
const acme = { ns: 'acme' }

test('answers what the schema names, never cached', async () => {
  const answer = await callRoute(testConsole, write, { as: 'writer', params: acme, body: { size: 1 } })
  expect(answer).toMatchObject({ status: 200, json: { who: 'writer' } })
  expect(answer.json).not.toHaveProperty('secret')
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each([
  ['nobody signed in', null, 'acme', 401, 'NotSignedIn'],
  ['a member without the permission', 'reader', 'acme', 403, 'AccessDenied'],
  ['an auditor', 'auditor', 'acme', 403, 'AccessDenied'],
  ['an administrator who is no member', 'admin', 'acme', 403, 'AccessDenied'],
  ['a member of another namespace', 'neighbour', 'acme', 404, 'NoSuchNamespace'],
  ['a member, in a namespace that does not exist', 'owner', 'nowhere', 404, 'NoSuchNamespace'],
] as const)('refuses %s before the input is read', async (_, as, ns, status, code) => {
  const before = calls
  const answer = await callRoute(testConsole, write, { as, params: { ns }, body: 'not JSON' })
  expect(answer).toMatchObject({ status, json: { error: { code, requestId: 'request-1' } } })
  expect(calls).toBe(before)
})

test('lets only administrators administer', async () => {
  expect((await callRoute(testConsole, administer, { as: 'admin' })).status).toBe(200)
  expect((await callRoute(testConsole, administer, { as: 'owner' })).json.error.code).toBe('AccessDenied')
})

test('names the fields that are wrong', async () => {
  const answer = await callRoute(testConsole, write, { as: 'writer', params: acme, body: { size: 'x' } })
  expect(answer).toMatchObject({
    status: 400,
    json: { error: { code: 'InvalidArgument', fields: { size: expect.any(String) } } },
  })
})

test.each([
  ['text that is no JSON', '{', {}, 400],
  ['another content type', '{}', { 'content-type': 'text/plain' }, 415],
  ['more than 2 MiB', ' '.repeat(JSON_BYTES_MAX + 1), {}, 413],
])('refuses %s', async (_, body, headers, status) => {
  const answer = await callRoute(testConsole, write, { as: 'writer', params: acme, body, headers })
  expect(answer).toMatchObject({ status, json: { error: { code: 'InvalidRequest' } } })
})

test('hides what went wrong inside', async () => {
  const broken = route({ permission: 'signed-in', output }, async () => {
    throw new Error('password=hunter2')
  })
  const answer = await callRoute(testConsole, broken, { as: 'reader' })
  expect(answer).toMatchObject({ status: 500, json: { error: { code: 'InternalError' } } })
  expect(JSON.stringify(answer.json)).not.toContain('hunter2')
})

test('refuses an answer that is not what the schema says', async () => {
  const wrong = route({ permission: 'signed-in', output }, async () => ({ who: 7 }) as never)
  expect((await callRoute(testConsole, wrong, { as: 'reader' })).status).toBe(500)
})

test('believes Postgres, not the cookie: a revoked session is over at once', async () => {
  const token = await testConsole.signIn('writer')
  const call = { as: null, params: acme, body: { size: 1 }, headers: { cookie: `__Host-sceau.session=${token}` } }
  expect((await callRoute(testConsole, write, call)).status).toBe(200)
  await testConsole.service.sessions.close({ token })
  expect((await callRoute(testConsole, write, call)).status).toBe(401)
})

test('spells the cookie as the engine does', () => {
  expect(SESSION_COOKIE).toBe(engineSide.SESSION_COOKIE)
})
