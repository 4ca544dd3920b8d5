import { afterAll, beforeAll, expect, test } from 'vitest'
import * as one from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/route.ts'
import * as all from '#app/api/v1/namespaces/[ns]/buckets/route.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
})
afterAll(() => testConsole.stop())

const create = (name: string, as: Person | null = 'owner', ns = 'acme') =>
  callRoute(testConsole, all.POST, { as, params: { ns }, body: { name } })
const list = (query: Record<string, string> = {}, as: Person | null = 'reader', ns = 'acme') =>
  callRoute(testConsole, all.GET, { as, params: { ns }, query })
const get = (bucket: string, as: Person | null = 'reader', ns = 'acme') =>
  callRoute(testConsole, one.GET, { as, params: { ns, bucket } })
const remove = (bucket: string, confirm: string, as: Person | null = 'owner', ns = 'acme') =>
  callRoute(testConsole, one.DELETE, { method: 'DELETE', as, params: { ns, bucket }, body: { confirm } })
const put = (bucket: string, key: string, body: string) =>
  testConsole.send({ method: 'PUT', path: `/_data/acme/${bucket}/object?key=${key}`, as: 'owner', body })

test('creates a bucket, shows it with what it holds, and writes it to the audit', async () => {
  const created = await create('first-bucket')
  expect(created).toMatchObject({
    status: 201,
    json: { name: 'first-bucket', objectCount: 0, sizeBytes: 0, versioning: 'unversioned', encryption: { mode: 'on' } },
  })
  await put('first-bucket', 'a', 'hello')
  expect((await get('first-bucket')).json).toMatchObject({
    objectCount: 1,
    sizeBytes: 5,
    encryption: { mode: 'on', coverage: { sealedBytes: 5, plainBytes: 0 } },
  })
  const [event] = await listAuditEvents(testConsole.engine.db, {
    namespaceId: testConsole.namespaceIds.acme,
    before: null,
    limit: 1,
  })
  expect(event).toMatchObject({
    actor: 'owner',
    action: 'bucket.create',
    target: 'first-bucket',
    result: 'ok',
    requestId: 'request-1',
  })
})

test.each(['ab', 'UPPER', 'a..b', '1.2.3.4', 'x'.repeat(64), ''])('refuses the name %j', async (name) => {
  expect(await create(name)).toMatchObject({
    status: 400,
    json: { error: { code: 'InvalidArgument', fields: { name: expect.any(String) } } },
  })
})

test('says whose a name is that is taken', async () => {
  await create('taken-bucket')
  expect(await create('taken-bucket')).toMatchObject({
    status: 409,
    json: { error: { code: 'BucketAlreadyOwnedByYou' } },
  })
  expect(await create('taken-bucket', 'neighbour', 'globex')).toMatchObject({
    status: 409,
    json: { error: { code: 'BucketAlreadyExists' } },
  })
})

test('lists by name, creation, objects and size, both ways, page by page without loss', async () => {
  for (const [name, bodies] of Object.entries({ 'page-b': ['xxxx'], 'page-a': ['x', 'x', 'x'], 'page-c': [] })) {
    await create(name)
    for (const [index, body] of bodies.entries()) await put(name, `k${index}`, body)
  }
  const walk = async (query: Record<string, string>) => {
    const names: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { json: { buckets: { name: string }[]; nextCursor: string | null } } = await list({
        search: 'PAGE-',
        limit: '1',
        ...query,
        ...(cursor === '' ? {} : { cursor }),
      })
      names.push(...page.json.buckets.map(({ name }) => name))
      cursor = page.json.nextCursor
    }
    return names.map((name) => name.slice(-1)).join('')
  }
  expect(await walk({})).toBe('abc')
  expect(await walk({ order: 'desc' })).toBe('cba')
  expect(await walk({ sort: 'created' })).toBe('bac')
  expect(await walk({ sort: 'objects', order: 'desc' })).toBe('abc')
  expect(await walk({ sort: 'size', order: 'desc' })).toBe('bac')
})

test.each([
  { cursor: 'bm90IG9uZQ' },
  { limit: '0' },
  { limit: '1001' },
  { sort: 'colour' },
  { search: 'x'.repeat(201) },
])('refuses the query %j', async (query) => {
  expect(await list(query)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
})

test('finds no wildcard in a search', async () => {
  expect((await list({ search: '%' })).json.buckets).toEqual([])
})

test('deletes an empty bucket whose name was typed, and no other', async () => {
  await create('doomed')
  expect(await remove('doomed', 'dooomed')).toMatchObject({
    status: 400,
    json: { error: { code: 'ConfirmationMismatch' } },
  })
  await put('doomed', 'a', 'x')
  expect(await remove('doomed', 'doomed')).toMatchObject({ status: 409, json: { error: { code: 'BucketNotEmpty' } } })
  await create('empty')
  expect((await remove('empty', 'empty')).status).toBe(204)
  expect((await get('empty')).json.error.code).toBe('NoSuchBucket')
  const events = await listAuditEvents(testConsole.engine.db, {
    namespaceId: testConsole.namespaceIds.acme,
    before: null,
    limit: 10,
  })
  expect(
    events.filter(({ action }) => action === 'bucket.delete').map(({ target, result }) => [target, result]),
  ).toEqual([
    ['empty', 'ok'],
    ['doomed', 'failed'],
    ['doomed', 'failed'],
  ])
})

test.each([
  ['nobody', null, 401],
  ['a reader', 'reader', 403],
  ['an auditor', 'auditor', 403],
  ['an administrator who is no member', 'admin', 403],
  ['a stranger', 'neighbour', 404],
] as const)('lets %s change nothing', async (_, as, status) => {
  await create('guarded')
  expect((await create('not-made', as)).status).toBe(status)
  expect((await remove('guarded', 'guarded', as)).status).toBe(status)
  expect((await get('guarded')).status).toBe(200)
  expect((await get('not-made')).status).toBe(404)
})

test('shows a namespace nothing of another, not even that it exists', async () => {
  await create('globex-only', 'neighbour', 'globex')
  expect((await get('globex-only', 'owner')).json.error.code).toBe('NoSuchBucket')
  expect((await get('globex-only', 'owner', 'globex')).json.error.code).toBe('NoSuchNamespace')
  expect((await remove('globex-only', 'globex-only', 'owner')).json.error.code).toBe('NoSuchBucket')
  expect((await list({ search: 'globex' }, 'owner')).json.buckets).toEqual([])
  expect((await list({}, 'owner', 'globex')).status).toBe(404)
  expect((await list({}, 'admin', 'globex')).status).toBe(403)
})
