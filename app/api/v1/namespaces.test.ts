import { afterAll, beforeAll, expect, test } from 'vitest'
import * as encryption from '#app/api/v1/admin/namespaces/[ns]/encryption/route.ts'
import * as namespaces from '#app/api/v1/admin/namespaces/route.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

const list = (query: Record<string, string> = {}, as: Person | null = 'admin') =>
  callRoute(testConsole, namespaces.GET, { as, query })
const create = (body: unknown, as: Person | null = 'admin') => callRoute(testConsole, namespaces.POST, { as, body })
const turn = (ns: string, body: unknown, as: Person | null = 'admin') =>
  callRoute(testConsole, encryption.PUT, { method: 'PUT', as, params: { ns }, body })

async function find(name: string) {
  const { json } = await list({ search: name })
  return json.namespaces.find((namespace: { name: string }) => namespace.name === name)
}

test('creates a namespace, encrypted unless asked otherwise', async () => {
  const created = await create({ name: 'initech', displayName: 'Initech' })
  expect(created).toMatchObject({
    status: 201,
    json: {
      name: 'initech',
      displayName: 'Initech',
      bucketCount: 0,
      encryption: { mode: 'on', state: 'on', encryptedBytes: 0, plainBytes: 0 },
    },
  })
  expect((await create({ name: 'initech', displayName: 'Again' })).json.error.code).toBe('NamespaceAlreadyExists')
  const off = await create({ name: 'umbrella', displayName: 'U', encryptionMode: 'off' })
  expect(off.json.encryption).toMatchObject({ mode: 'off', state: 'off' })
})

test.each([
  { name: 'Upper', displayName: 'x' },
  { name: 'ab', displayName: 'x' },
  { name: '-ab', displayName: 'x' },
  { name: 'a.b', displayName: 'x' },
  { name: 'x'.repeat(64), displayName: 'x' },
  { name: 'fine', displayName: ' ' },
  { name: 'fine', displayName: 'x', encryptionMode: 'maybe' },
])('refuses %j', async (body) => {
  expect(await create(body)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
})

test('lists by name, page by page, searchable', async () => {
  const first = await list({ limit: '1' })
  expect(first.json.namespaces.map(({ name }: { name: string }) => name)).toEqual(['acme'])
  const second = await list({ limit: '1', cursor: first.json.nextCursor })
  expect(second.json.namespaces[0].name).toBe('globex')
  expect((await list({ search: 'GLOB' })).json).toMatchObject({ namespaces: [{ name: 'globex' }], nextCursor: null })
})

test('tells the state from the stored bytes, not from the switch', async () => {
  const neighbour = await testConsole.actorOf('neighbour')
  await testConsole.service.buckets.create(neighbour, { namespace: 'globex', name: 'states' })
  const put = (key: string) =>
    testConsole.send({ method: 'PUT', path: `/_data/globex/states/object?key=${key}`, as: 'neighbour', body: 'four' })
  const encryptionOf = async () => (await find('globex')).encryption

  expect(await encryptionOf()).toEqual({ mode: 'off', state: 'off', encryptedBytes: 0, plainBytes: 0 })
  await put('before')
  expect(await encryptionOf()).toEqual({ mode: 'off', state: 'off', encryptedBytes: 0, plainBytes: 4 })
  expect((await turn('globex', { mode: 'on' })).json).toMatchObject({ mode: 'on', state: 'on-new-data-only' })
  expect((await put('after')).json.sealed).toBe(true)
  expect(await encryptionOf()).toEqual({ mode: 'on', state: 'on-new-data-only', encryptedBytes: 4, plainBytes: 4 })
  await put('before')
  // What it replaced is still on the node.
  expect(await encryptionOf()).toEqual({ mode: 'on', state: 'on-new-data-only', encryptedBytes: 8, plainBytes: 0 })
  await turn('globex', { mode: 'off', confirm: 'globex' })
  expect(await encryptionOf()).toEqual({ mode: 'off', state: 'mixed', encryptedBytes: 8, plainBytes: 0 })
})

test('turns encryption off only when the exact name was typed, and writes it to the audit', async () => {
  for (const confirm of [undefined, '', 'Acme', 'globex']) {
    expect((await turn('acme', { mode: 'off', confirm })).json.error.code).toBe('ConfirmationMismatch')
  }
  expect((await find('acme')).encryption.mode).toBe('on')
  expect((await turn('acme', { mode: 'off', confirm: 'acme' })).status).toBe(200)
  const events = await listAuditEvents(testConsole.engine.db, {
    namespaceId: testConsole.namespaceIds.acme,
    before: null,
    limit: 2,
  })
  expect(events).toMatchObject([
    { action: 'namespace.set-encryption', result: 'ok', actor: 'admin', details: { before: 'on', after: 'off' } },
    { action: 'namespace.set-encryption', result: 'failed' },
  ])
  expect((await turn('acme', { mode: 'on' })).json.mode).toBe('on')
})

test('knows a namespace that is not there from one that is', async () => {
  expect(await turn('nowhere', { mode: 'on' })).toMatchObject({
    status: 404,
    json: { error: { code: 'NoSuchNamespace' } },
  })
  expect((await turn('acme', { mode: 'sometimes' })).status).toBe(400)
})

test.each([
  ['nobody', null, 401],
  ['an owner', 'owner', 403],
  ['an auditor', 'auditor', 403],
] as const)('lets %s administer nothing', async (_, as, status) => {
  expect((await list({}, as)).status).toBe(status)
  expect((await create({ name: 'mine', displayName: 'Mine' }, as)).status).toBe(status)
  expect((await turn('acme', { mode: 'off', confirm: 'acme' }, as)).status).toBe(status)
  expect((await find('acme')).encryption.mode).toBe('on')
  expect(await find('mine')).toBeUndefined()
})
