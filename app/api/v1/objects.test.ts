import { createSecretKey, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as activity from '#app/api/v1/namespaces/[ns]/activities/[id]/route.ts'
import * as deletionPreview from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/deletions/preview/route.ts'
import * as deletions from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/deletions/route.ts'
import * as details from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/object/route.ts'
import * as objects from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/objects/route.ts'
import * as preflight from '#app/api/v1/namespaces/[ns]/buckets/[bucket]/uploads/preflight/route.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import { createNamedKey } from '#storage-engine/namespaces/named-keys.ts'
import { callRoute } from '#storage-engine/testing/call-route.ts'
import { type Person, startTestConsole, type TestConsole } from '#storage-engine/testing/start-test-console.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

let testConsole: TestConsole

beforeAll(async () => {
  testConsole = await startTestConsole()
  await createBucket('tree')
  for (const key of ['b.txt', 'a/1', 'a/2/deep.JPG', 'z/', 'c.txt']) await put('tree', key, key)
})
afterAll(() => testConsole.stop())

async function createBucket(name: string, person: Person = 'owner', namespace = 'acme') {
  const actor = await testConsole.actorOf(person)
  await testConsole.service.buckets.create(actor, { namespace, name })
}

function put(bucket: string, key: string, body: string) {
  const path = `/_data/acme/${bucket}/object?${new URLSearchParams({ key })}`
  return testConsole.send({ method: 'PUT', path, as: 'writer', body, headers: { 'content-type': 'text/plain' } })
}

interface Call {
  as?: Person | null
  ns?: string
  bucket?: string
}
const paramsOf = ({ ns = 'acme', bucket = 'tree' }: Call) => ({ ns, bucket })
const list = (query: Record<string, string>, call: Call = {}) =>
  callRoute(testConsole, objects.GET, { as: call.as === undefined ? 'reader' : call.as, params: paramsOf(call), query })
const post = (route: typeof deletions, body: unknown, call: Call = {}) =>
  callRoute(testConsole, route.POST, { as: call.as === undefined ? 'writer' : call.as, params: paramsOf(call), body })
const keysOf = (answer: { json: { objects: { key: string }[] } }) => answer.json.objects.map(({ key }) => key)

test('shows a folder: its folders first, then its objects', async () => {
  const root = await list({})
  expect(root.json.folders).toEqual([
    { prefix: 'a/', name: 'a' },
    { prefix: 'z/', name: 'z' },
  ])
  expect(root.json.objects[0]).toEqual({
    key: 'b.txt',
    name: 'b.txt',
    size: 5,
    lastModified: expect.stringMatching(/^\d{4}-.*Z$/),
    etag: expect.stringMatching(/^[0-9a-f]{32}$/),
    contentType: 'text/plain',
    sealed: true,
  })
  expect(keysOf(root)).toEqual(['b.txt', 'c.txt'])
  const inner = await list({ prefix: 'a/' })
  expect(inner.json).toMatchObject({ folders: [{ prefix: 'a/2/', name: '2' }], objects: [{ key: 'a/1', name: '1' }] })
})

test('searches the whole bucket, whatever the case, and knows no wildcards', async () => {
  expect(keysOf(await list({ search: 'DEEP.jpg', scope: 'bucket' }))).toEqual(['a/2/deep.JPG'])
  expect(keysOf(await list({ search: 'txt', scope: 'bucket', prefix: 'a/' }))).toEqual(['b.txt', 'c.txt'])
  expect(keysOf(await list({ search: '%', scope: 'bucket' }))).toEqual([])
})

test('sorts by size and goes through the pages without loss or repetition', async () => {
  await createBucket('sizes')
  const sizes = [3, 1, 2, 2, 5, 4]
  for (const [index, size] of sizes.entries()) await put('sizes', `k${index}`, 'x'.repeat(size))
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: Record<string, string> = {
      sort: 'size',
      order: 'desc',
      limit: '2',
      ...(cursor === '' ? {} : { cursor }),
    }
    const page = await list(query, { bucket: 'sizes' })
    seen.push(...keysOf(page))
    cursor = page.json.nextCursor
  }
  expect(seen.toSorted()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5'])
  expect(seen.map((key) => sizes[Number(key.slice(1))])).toEqual([5, 4, 3, 2, 2, 1])
})

test.each([
  { cursor: 'bm90IG9uZQ' },
  { sort: 'colour' },
  { scope: 'world' },
  { limit: '1001' },
  { prefix: 'x'.repeat(1025) },
])('refuses the query %j', async (query) => {
  expect(await list(query)).toMatchObject({ status: 400, json: { error: { code: 'InvalidArgument' } } })
})

test('tells everything about an object, how it is sealed included', async () => {
  const answer = await callRoute(testConsole, details.GET, {
    as: 'reader',
    params: paramsOf({}),
    query: { key: 'b.txt' },
  })
  expect(answer).toMatchObject({
    status: 200,
    json: {
      key: 'b.txt',
      size: 5,
      contentType: 'text/plain',
      versionId: null,
      checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT', value: expect.any(String) },
      encryption: {
        sealed: true,
        algorithm: 'AES-256-GCM (FLOE)',
        namespaceKeyVersion: 1,
        keyKind: 'namespace',
        keyName: null,
      },
      systemHeaders: {},
      userMetadata: {},
      parts: null,
    },
  })
  const missing = await callRoute(testConsole, details.GET, {
    as: 'reader',
    params: paramsOf({}),
    query: { key: 'nope' },
  })
  expect(missing).toMatchObject({ status: 404, json: { error: { code: 'NoSuchKey' } } })
  const noKey = await callRoute(testConsole, details.GET, { as: 'reader', params: paramsOf({}) })
  expect(noKey).toMatchObject({ status: 400, json: { error: { fields: { key: expect.any(String) } } } })
})

test('tells whose key else an object takes', async () => {
  const { engine, namespaceIds } = testConsole
  await createNamedKey(engine, { namespaceId: namespaceIds.acme, name: 'payroll' })
  await createBucket('keys')
  const bucket = (await findBucket(engine.db, { name: 'keys' })) as Bucket
  const encryptionOf = async (key: string) => {
    const answer = await callRoute(testConsole, details.GET, {
      as: 'reader',
      params: paramsOf({ bucket: 'keys' }),
      query: { key },
    })
    return answer.json.encryption
  }
  const body = Buffer.from('body')
  const customer = { kind: 'customer', key: createSecretKey(randomBytes(32)) } as const
  await putTestObject(engine, { bucket, key: 'sse-c', body, encryption: customer })
  expect(await encryptionOf('sse-c')).toMatchObject({ sealed: true, keyKind: 'customer', keyName: null })
  const named = { kind: 'kms', reference: 'payroll', isBucketKeyEnabled: null, context: null } as const
  await putTestObject(engine, { bucket, key: 'sse-kms', body, encryption: named })
  expect(await encryptionOf('sse-kms')).toMatchObject({ sealed: true, keyKind: 'named', keyName: 'payroll' })
})

test('finds, before an upload, the keys that it would replace', async () => {
  const names = [
    { key: 'b.txt', size: 1 },
    { key: 'new.txt', size: 1 },
  ]
  expect((await post(preflight, { names })).json).toEqual({
    existing: [{ key: 'b.txt', size: 5, lastModified: expect.any(String) }],
  })
  expect((await post(preflight, { names: [] })).status).toBe(400)
})

test('counts what a deletion would take, each object once, then takes exactly that', async () => {
  await createBucket('gone')
  for (const key of ['keep', 'x', 'dir/1', 'dir/2', 'dir0']) await put('gone', key, 'abc')
  const selection = { keys: ['x', 'dir/1', 'missing'], prefixes: ['dir/'] }
  expect((await post(deletionPreview, selection, { bucket: 'gone' })).json).toEqual({ objectCount: 3, sizeBytes: 9 })
  const answer = await post(deletions, selection, { bucket: 'gone' })
  expect(answer).toMatchObject({ status: 200, json: { activity: { state: 'done', doneCount: 3, totalCount: 3 } } })
  expect(keysOf(await list({ scope: 'bucket' }, { bucket: 'gone' }))).toEqual(['dir0', 'keep'])
  const again = await callRoute(testConsole, activity.GET, {
    as: 'reader',
    params: { ns: 'acme', id: answer.json.activity.id },
  })
  expect(again.json).toEqual(answer.json.activity)
})

test.each([{}, { keys: [] }, { prefixes: [''] }, { keys: [''] }, { keys: ['a\0'] }, { keys: Array(1001).fill('a') }])(
  'refuses to delete %j',
  async (selection) => {
    expect((await post(deletions, selection)).status).toBe(400)
    expect((await post(deletionPreview, selection)).status).toBe(400)
  },
)

test('shows an activity to its own namespace only', async () => {
  const { json } = await post(deletions, { keys: ['nothing'] })
  const { id } = json.activity
  const ask = (as: Person | null, ns: string, asked: string) =>
    callRoute(testConsole, activity.GET, { as, params: { ns, id: asked } })
  expect((await ask('neighbour', 'globex', id)).json.error.code).toBe('NoSuchActivity')
  expect((await ask('neighbour', 'acme', id)).json.error.code).toBe('NoSuchNamespace')
  expect((await ask('owner', 'acme', "1' or 1=1")).json.error.code).toBe('NoSuchActivity')
})

test.each([
  ['nobody', { as: null }, 401, 'NotSignedIn'],
  ['an administrator who is no member', { as: 'admin' }, 403, 'AccessDenied'],
  ['a stranger', { as: 'neighbour' }, 404, 'NoSuchNamespace'],
  ['a stranger by way of their own namespace', { as: 'neighbour', ns: 'globex' }, 404, 'NoSuchBucket'],
  ['a member asking for a bucket that does not exist', { as: 'owner', bucket: 'nowhere' }, 404, 'NoSuchBucket'],
] as const)('shows and lets %s change nothing', async (_, call, status, code) => {
  const refusal = { status, json: { error: { code } } }
  expect(await list({}, call)).toMatchObject(refusal)
  expect(
    await callRoute(testConsole, details.GET, { as: call.as, params: paramsOf(call), query: { key: 'b.txt' } }),
  ).toMatchObject(refusal)
  for (const route of [deletions, deletionPreview])
    expect(await post(route, { keys: ['b.txt'] }, call)).toMatchObject(refusal)
  expect(await post(preflight, { names: [{ key: 'b.txt', size: 1 }] }, call)).toMatchObject(refusal)
  expect(keysOf(await list({}))).toContain('b.txt')
})

test.each(['reader', 'auditor'] as const)('lets %s look but not delete', async (as) => {
  expect((await list({}, { as })).status).toBe(200)
  expect((await post(deletions, { keys: ['b.txt'] }, { as })).json.error.code).toBe('AccessDenied')
})
