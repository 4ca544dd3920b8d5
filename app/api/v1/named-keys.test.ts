import { afterAll, beforeAll, expect, test } from 'vitest'
import * as changes from '#app/api/v1/admin/namespaces/[ns]/named-keys/changes/route.ts'
import * as namedKeys from '#app/api/v1/admin/namespaces/[ns]/named-keys/route.ts'
import * as signatures from '#app/api/v1/admin/namespaces/[ns]/signatures/route.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

const list = (ns = 'acme', as: Person | null = 'admin') => callRoute(testConsole, namedKeys.GET, { as, params: { ns } })
const create = (body: unknown, ns = 'acme', as: Person | null = 'admin') =>
  callRoute(testConsole, namedKeys.POST, { as, params: { ns }, body })
const change = (body: unknown, ns = 'acme', as: Person | null = 'admin') =>
  callRoute(testConsole, changes.POST, { as, params: { ns }, body })
const sign = (body: unknown, ns = 'acme', as: Person | null = 'admin') =>
  callRoute(testConsole, signatures.PUT, { method: 'PUT', as, params: { ns }, body })

test('creates, changes and lists the named keys of a namespace', async () => {
  const created = await create({ name: 'aws/s3' })
  expect(created.status).toBe(201)
  const expected = { id: created.json.id, name: 'aws/s3', state: 'enabled', deleteAt: null }
  expect((await list()).json).toMatchObject([expected])
  expect((await list('globex')).json).toEqual([])
  for (const [verb, state] of [
    ['rotate', 'enabled'],
    ['disable', 'disabled'],
    ['enable', 'enabled'],
    ['delete', 'pending-deletion'],
    ['keep', 'disabled'],
  ]) {
    expect((await change({ name: 'aws/s3', change: verb })).status).toBe(204)
    expect((await list()).json[0].state).toBe(state)
  }
})

test.each([{}, { name: '' }, { name: 'a b' }, { name: 'aws/ebs' }, { name: 'x'.repeat(251) }])(
  'refuses a key %j',
  async (body) => {
    expect(await create(body)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
  },
)

test.each([
  [{ name: 'nobodys', change: 'disable' }, 404, 'NoSuchNamedKey'],
  [{ name: 'a', change: 'destroy' }, 400, 'InvalidArgument'],
  [{ name: 'a', change: 'delete', days: 1 }, 400, 'InvalidArgument'],
])('refuses the change %j', async (body, status, code) => {
  expect(await change(body)).toMatchObject({ status, json: { error: { code } } })
})

test('switches signatures of version 2', async () => {
  const refuses = async () => (await findNamespaceByName(testConsole.engine.db, { name: 'acme' }))?.refusesSigV2
  expect((await sign({ sigV2: 'refused' })).status).toBe(204)
  expect(await refuses()).toBe(true)
  expect((await sign({ sigV2: 'accepted' })).status).toBe(204)
  expect(await refuses()).toBe(false)
  expect((await sign({ sigV2: 'maybe' })).status).toBe(400)
})

test('is for administrators, and for namespaces that are there', async () => {
  const body = { name: 'key', change: 'disable' }
  for (const as of ['owner', null] as const) {
    const status = as === null ? 401 : 403
    expect((await list('acme', as)).status).toBe(status)
    expect((await create({ name: 'key' }, 'acme', as)).status).toBe(status)
    expect((await change(body, 'acme', as)).status).toBe(status)
    expect((await sign({ sigV2: 'refused' }, 'acme', as)).status).toBe(status)
  }
  expect((await list('nowhere')).json.error.code).toBe('NoSuchNamespace')
  expect((await sign({ sigV2: 'refused' }, 'nowhere')).json.error.code).toBe('NoSuchNamespace')
})
