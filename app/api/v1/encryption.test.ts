import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import * as serviceAttestation from '#app/api/v1/admin/encryption/attestation/route.ts'
import * as serviceHistory from '#app/api/v1/admin/encryption/history/route.ts'
import * as rootRotation from '#app/api/v1/admin/encryption/rotation/route.ts'
import * as root from '#app/api/v1/admin/encryption/route.ts'
import * as attestation from '#app/api/v1/admin/namespaces/[ns]/encryption/attestation/route.ts'
import * as buckets from '#app/api/v1/admin/namespaces/[ns]/encryption/buckets/route.ts'
import * as history from '#app/api/v1/admin/namespaces/[ns]/encryption/history/route.ts'
import * as keys from '#app/api/v1/admin/namespaces/[ns]/encryption/keys/route.ts'
import * as migration from '#app/api/v1/admin/namespaces/[ns]/encryption/migration/route.ts'
import * as encryption from '#app/api/v1/admin/namespaces/[ns]/encryption/route.ts'
import * as record from '#app/api/v1/admin/namespaces/[ns]/encryption/shred/record/route.ts'
import * as shred from '#app/api/v1/admin/namespaces/[ns]/encryption/shred/route.ts'
import * as namespace from '#app/api/v1/admin/namespaces/[ns]/route.ts'
import * as signatures from '#app/api/v1/admin/namespaces/[ns]/signatures/route.ts'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'
import { encodeCursor } from '#storage-engine/service/cursor.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

type Query = Record<string, string>
const READERS = {
  namespace: namespace.GET,
  encryption: encryption.GET,
  keys: keys.GET,
  attestation: attestation.GET,
  record: record.GET,
  buckets: buckets.GET,
  history: history.GET,
}
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
  const cursors = [[1.5], ['\0']].map((place) => ({ cursor: encodeCursor(place as string[]) }))
  for (const query of [{ limit: '0' }, { limit: '1001' }, { cursor: 'nonsense' }, ...cursors])
    expect(await read(what, 'acme', query)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
})

const act = (handler: typeof migration.POST, body: unknown, ns = 'globex', as: Person | null = 'admin') =>
  callRoute(testConsole, handler, { as, params: { ns }, body })

test('converts what is stored with the switch, or later, and tells how far that is', async () => {
  const body = { mode: 'off', existing: 'convert', rateLimit: 65_536, confirm: 'globex' }
  const off = await callRoute(testConsole, encryption.PUT, {
    method: 'PUT',
    as: 'admin',
    params: { ns: 'globex' },
    body,
  })
  expect(off.json).toMatchObject({
    namespace: 'globex',
    mode: 'off',
    state: 'decrypting',
    percent: 0,
    migration: { direction: 'decrypt', state: 'running', rateLimit: 65_536, startedBy: 'admin', endedAt: null },
  })
  expect((await read('encryption', 'globex')).json).toMatchObject({ state: 'decrypting' })
  expect((await read('namespace', 'globex')).json.encryption.state).toBe('decrypting')
  expect((await act(migration.POST, { action: 'pause' })).json.migration.state).toBe('paused')
  expect((await act(migration.POST, { action: 'set-rate', rateLimit: null })).json.migration.rateLimit).toBe(null)
  expect(await act(migration.POST, { action: 'pause' })).toMatchObject({
    status: 409,
    json: { error: { code: 'MigrationStateMismatch' } },
  })
  expect((await act(migration.POST, { action: 'cancel' })).json).toMatchObject({
    state: 'mixed',
    percent: null,
    migration: { state: 'cancelled' },
  })
  expect((await act(migration.POST, { action: 'start' })).json.error.code).toBe('ConfirmationMismatch')
  await turn('globex', 'on')
})

test('counts the data keys of a namespace once for all who look at the same time', async () => {
  const { db } = testConsole.engine
  const admin = await testConsole.actorOf('admin')
  const look = () => testConsole.service.encryption.keys(admin, { namespace: 'acme' })
  const run = vi.spyOn(db, 'run')
  await look()
  const runsOfAll = 5 * run.mock.calls.length
  run.mockClear()
  const transact = db.transaction
  const transaction = vi.spyOn(db, 'transaction').mockImplementation(async (work) => {
    await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(runsOfAll))
    return transact(work)
  })
  const looks = await Promise.all(Array.from({ length: 5 }, look))
  expect(new Set(looks.map(({ keys }) => JSON.stringify(keys))).size).toBe(1)
  expect(transaction).toHaveBeenCalledTimes(1)
  for (const spy of [run, transaction]) spy.mockRestore()
})

test('says why a migration ended by itself, for every language', async () => {
  const start = { action: 'start', rateLimit: 65_536 }
  await act(migration.POST, start)
  await turn('globex', 'off')
  const ended = (await read('encryption', 'globex')).json.migration
  expect(ended).toMatchObject({ state: 'cancelled', message: 'The switch was thrown again.' })
  expect(ended.notice).toEqual({ code: 'switch-thrown-again', values: {} })
  await turn('globex', 'on')
})

test('rotates and retires versions of a key, the latter by the exact name', async () => {
  expect((await act(keys.POST, { action: 'rotate' })).json.keys).toMatchObject([
    { version: 2, state: 'active', dataKeyCount: 0, retiredAt: null },
    { version: 1, state: 'decrypt-only' },
  ])
  const retire = { action: 'retire', version: 1 }
  expect((await act(keys.POST, { ...retire, confirm: 'acme' })).json.error.code).toBe('ConfirmationMismatch')
  const notice = { code: 'version-in-use', values: { version: 1, count: expect.any(Number) } }
  expect(await act(keys.POST, { ...retire, confirm: 'globex' })).toMatchObject({
    status: 409,
    json: { error: { code: 'KeyIsInUse', message: expect.stringContaining('wrapped by version 1'), notice } },
  })
  expect((await act(keys.POST, { action: 'rewrap' })).json.rewrap).toMatchObject({ state: 'running' })
})

test('orders the destruction of all keys by the exact name, and takes the order back', async () => {
  expect((await act(shred.POST, { confirm: 'acme' })).json.error.code).toBe('ConfirmationMismatch')
  expect((await act(shred.POST, { confirm: 'globex', days: 1 })).status).toBe(400)
  expect((await act(shred.POST, { confirm: 'globex', days: 9 })).json.shred).toMatchObject({
    state: 'scheduled',
    scheduledBy: 'admin',
    destroyedAt: null,
  })
  expect((await read('record', 'globex')).json.error.code).toBe('NoSuchRecord')
  const kept = await callRoute(testConsole, shred.DELETE, {
    method: 'DELETE',
    as: 'admin',
    params: { ns: 'globex' },
    body: {},
  })
  expect(kept).toMatchObject({ status: 200, json: { shred: null } })
})

test('gives a signed attestation of one namespace, and of all', async () => {
  const ofOne = await read('attestation', 'globex')
  expect(ofOne.json).toMatchObject({ namespaces: [{ name: 'globex' }] })
  expect(verifyDocument(ofOne.json)).toBe(true)
  const ofAll = await callRoute(testConsole, serviceAttestation.GET, { as: 'admin' })
  expect(ofAll.json.namespaces).toMatchObject([{ name: 'acme' }, { name: 'globex' }])
  expect(verifyDocument(ofAll.json)).toBe(true)
  expect((await callRoute(testConsole, serviceAttestation.GET, { as: 'owner' })).status).toBe(403)
})

test('rotates the root key by its id, and takes the old one away', async () => {
  const before = (await callRoute(testConsole, root.GET, { as: 'admin' })).json
  expect(before).toMatchObject({
    provider: { kind: 'file', health: 'ok', detail: null, canRotate: true },
    fips: false,
    rootKeys: [{ state: 'active', retiredAt: null }],
    rotation: null,
    attestation: { keyId: expect.stringMatching(/^[0-9a-f]{32}$/) },
  })
  const [{ id }] = before.rootKeys
  const change = (body: unknown, as: Person | null = 'admin') => callRoute(testConsole, rootRotation.POST, { as, body })
  expect((await change({ action: 'rotate', confirm: 'other' })).json.error.code).toBe('ConfirmationMismatch')
  expect((await change({ action: 'rotate' })).status).toBe(400)
  expect((await change({ action: 'rotate', confirm: id }, null)).status).toBe(401)
  expect((await change({ action: 'rotate', confirm: id }, 'owner')).status).toBe(403)
  expect((await callRoute(testConsole, root.GET, { as: 'owner' })).status).toBe(403)
  expect((await change({ action: 'rotate', confirm: id })).json.rootKeys).toMatchObject([
    { state: 'active' },
    { id, state: 'decrypt-only' },
  ])
  expect((await change({ action: 'retire', confirm: 'other' })).json.error.code).toBe('NoSuchKeyVersion')
  expect((await change({ action: 'retire', confirm: id })).json.error.code).toBe('KeyIsInUse')
  const { entries } = (await callRoute(testConsole, serviceHistory.GET, { as: 'admin', query: { limit: '1' } })).json
  expect(entries).toMatchObject([{ action: 'root-key.retire', result: 'failed' }])
})

test.each([
  ['migration', migration.POST, { action: 'pause' }],
  ['keys', keys.POST, { action: 'rotate' }],
  ['destruction', shred.POST, { confirm: 'acme' }],
] as const)('lets administrators only change the %s, and only of what is there', async (_, handler, body) => {
  expect((await act(handler, body, 'acme', null)).status).toBe(401)
  expect((await act(handler, body, 'acme', 'owner')).status).toBe(403)
  expect((await act(handler, body, 'nowhere')).json.error.code).toBe('NoSuchNamespace')
  expect(await act(handler, { action: 'none', confirm: 7 })).toMatchObject({
    status: 400,
    json: { error: { code: 'InvalidArgument' } },
  })
})

test.each(Object.keys(READERS) as (keyof typeof READERS)[])('shows %s to administrators only', async (what) => {
  expect((await read(what, 'acme', {}, null)).status).toBe(401)
  expect((await read(what, 'acme', {}, 'owner')).status).toBe(403)
  expect((await read(what, 'nowhere')).json.error.code).toBe('NoSuchNamespace')
  expect((await callRoute(testConsole, serviceHistory.GET, { as: 'owner' })).status).toBe(403)
})
