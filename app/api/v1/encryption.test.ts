import { afterAll, beforeAll, expect, test } from 'vitest'
import * as serviceHistory from '#app/api/v1/admin/encryption/history/route.ts'
import * as buckets from '#app/api/v1/admin/namespaces/[ns]/encryption/buckets/route.ts'
import * as history from '#app/api/v1/admin/namespaces/[ns]/encryption/history/route.ts'
import * as encryption from '#app/api/v1/admin/namespaces/[ns]/encryption/route.ts'
import * as namespace from '#app/api/v1/admin/namespaces/[ns]/route.ts'
import * as signatures from '#app/api/v1/admin/namespaces/[ns]/signatures/route.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

type Query = Record<string, string>
const READERS = { namespace: namespace.GET, buckets: buckets.GET, history: history.GET }
const read = (what: keyof typeof READERS, ns: string, query: Query = {}, as: Person | null = 'admin') =>
  callRoute(testConsole, READERS[what], { as, params: { ns }, query })
const turn = (ns: string, mode: 'on' | 'off') =>
  callRoute(testConsole, encryption.PUT, { method: 'PUT', as: 'admin', params: { ns }, body: { mode, confirm: ns } })

test('tells a namespace with its settings', async () => {
  expect(await read('namespace', 'acme')).toMatchObject({
    status: 200,
    json: { name: 'acme', encryption: { mode: 'on' }, sigV2: 'accepted' },
  })
  const body = { sigV2: 'refused' }
  await callRoute(testConsole, signatures.PUT, { method: 'PUT', as: 'admin', params: { ns: 'acme' }, body })
  expect((await read('namespace', 'acme')).json.sigV2).toBe('refused')
})

test('tells how much of each bucket is encrypted, by name and page by page', async () => {
  const neighbour = await testConsole.actorOf('neighbour')
  for (const name of ['coverage-b', 'coverage-a'])
    await testConsole.service.buckets.create(neighbour, { namespace: 'globex', name })
  const put = (key: string) =>
    testConsole.send({
      method: 'PUT',
      path: `/_data/globex/coverage-a/object?key=${key}`,
      as: 'neighbour',
      body: 'four',
    })
  await put('plain')
  await turn('globex', 'on')
  await put('sealed')
  await put('sealed-too')
  const first = await read('buckets', 'globex', { limit: '1' })
  expect(first.json.buckets).toEqual([
    { name: 'coverage-a', encryptedCount: 2, encryptedBytes: 8, plainCount: 1, plainBytes: 4 },
  ])
  const second = await read('buckets', 'globex', { limit: '1', cursor: first.json.nextCursor })
  expect(second.json).toEqual({
    buckets: [{ name: 'coverage-b', encryptedCount: 0, encryptedBytes: 0, plainCount: 0, plainBytes: 0 }],
    nextCursor: null,
  })
})

test('tells who changed the encryption of a namespace, newest first, and nothing else of its audit', async () => {
  const owner = await testConsole.actorOf('owner')
  await turn('acme', 'off')
  await testConsole.service.buckets.create(owner, { namespace: 'acme', name: 'no-part-of-it' })
  await turn('acme', 'on')
  const first = await read('history', 'acme', { limit: '1' })
  expect(first.json.entries).toMatchObject([
    { actor: 'admin', action: 'namespace.set-encryption', result: 'ok', details: { before: 'off', after: 'on' } },
  ])
  const second = await read('history', 'acme', { limit: '1', cursor: first.json.nextCursor })
  expect(second.json).toMatchObject({ entries: [{ details: { before: 'on', after: 'off' } }], nextCursor: null })
  const ofService = await callRoute(testConsole, serviceHistory.GET, { as: 'admin' })
  expect(ofService.json).toEqual({ entries: [], nextCursor: null })
})

test.each(['buckets', 'history'] as const)('refuses pages of %s that have no meaning', async (what) => {
  for (const query of [{ limit: '0' }, { limit: '1001' }, { cursor: 'nonsense' }])
    expect(await read(what, 'acme', query)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
})

test.each(['namespace', 'buckets', 'history'] as const)('shows %s to administrators only', async (what) => {
  expect((await read(what, 'acme', {}, null)).status).toBe(401)
  expect((await read(what, 'acme', {}, 'owner')).status).toBe(403)
  expect((await read(what, 'nowhere')).json.error.code).toBe('NoSuchNamespace')
  expect((await callRoute(testConsole, serviceHistory.GET, { as: 'owner' })).status).toBe(403)
})
