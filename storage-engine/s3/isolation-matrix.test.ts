import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import { newId } from '#storage-engine/ids.ts'
import { insertStorageAccount } from '#storage-engine/metadata/accounts.ts'
import { putInlinePolicy } from '#storage-engine/metadata/iam-policies.ts'
import { requestForRow, SERVED_OPERATIONS, type ServedOperation } from '#storage-engine/testing/operation-request.ts'
import {
  presign,
  type RawAnswer,
  type RawRequest,
  sendRaw,
  sendSigned,
  sha256,
  signHeaders,
} from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** What acme has in its bucket `ours`, and who from outside or without a right to it asks for it. */
const SECRET = 'the bytes that nobody else may see'
let gateway: TestGateway
let ids: { versionId: string; uploadId: string }
let before: string
const accounts = new Map<string, { accessKeyId: string; secretAccessKey: string }>()

const EVERYTHING = { Effect: 'Allow', Action: '*', Resource: '*' }
const ELSEWHERE = { Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::elsewhere', 'arn:aws:s3:::elsewhere/*'] }

beforeAll(async () => {
  gateway = await startTestGateway()
  const { acme, globex } = gateway.namespaceIds
  accounts.set('globex', await makeAccount(globex, EVERYTHING))
  accounts.set('acme', await makeAccount(acme, ELSEWHERE))
  await sendSigned(gateway, { method: 'PUT', target: '/ours' })
  const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await sendSigned(gateway, { method: 'PUT', target: '/ours?versioning', body: versioning })
  const written = await sendSigned(gateway, { method: 'PUT', target: '/ours/key', body: SECRET })
  const opened = await sendSigned(gateway, { method: 'POST', target: '/ours/key?uploads' })
  const uploadId = /<UploadId>([^<]+)</.exec(opened.text)?.[1] as string
  await sendSigned(gateway, { method: 'PUT', target: `/ours/key?partNumber=1&uploadId=${uploadId}`, body: SECRET })
  ids = { versionId: written.headers['x-amz-version-id'] as string, uploadId }
  await sendSigned(gateway, { method: 'PUT', target: '/theirs', as: 'neighbour' })
  before = await digest()
})

afterAll(() => gateway.stop())

async function makeAccount(namespaceId: string, statement: object) {
  const { engine } = gateway
  const id = newId()
  await insertStorageAccount(engine.db, { id, namespaceId, name: 'outsider' })
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statement })
  await putInlinePolicy(engine.db, { namespaceId, holder: { kind: 'user', id }, name: 'p', document })
  return issueAccessKey(engine, { namespaceId, storageAccountId: id })
}

/** Of everything that is stored of `ours`. */
async function digest(): Promise<string> {
  const tables = ['select b::text as t from buckets b where name = $1']
  for (const table of ['object_versions', 'uploads']) {
    tables.push(`select o::text from ${table} o join buckets b on b.id = o.bucket_id where b.name = $1`)
  }
  tables.push(
    'select p::text from parts p join uploads u on u.id = p.upload_id join buckets b on b.id = u.bucket_id where b.name = $1',
  )
  const [row] = await gateway.engine.db.query<{ digest: string; count: number }>({
    name: 'digest-of-ours',
    text: `select md5(string_agg(t, '|' order by t)) as digest, count(*)::integer as count from (${tables.join(' union all ')}) all_rows`,
    values: ['ours'],
  })
  expect(row?.count).toBe(4)
  return row?.digest as string
}

type Send = (request: RawRequest) => Promise<RawAnswer>

const CALLERS: Record<string, Send> = {
  anonymous: (request) => sendSigned(gateway, { ...request, as: null }),
  'the root user of another namespace': (request) => sendSigned(gateway, { ...request, as: 'neighbour' }),
  'the root user of another namespace by a presigned URL': (request) => sendPresigned(request),
  'a storage account of another namespace that may do everything there': (request) => sendFrom('globex', request),
  'a storage account of the namespace that may use another bucket': (request) => sendFrom('acme', request),
  'a storage account of the namespace without a policy': (request) =>
    sendSigned(gateway, { ...request, as: 'account' }),
  'another object user of the namespace': (request) => sendSigned(gateway, { ...request, as: 'user' }),
}

function sendFrom(account: string, request: RawRequest): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const headers = { host: `127.0.0.1:${gateway.port}`, ...request.headers, 'content-length': String(body.length) }
  const credentials = accounts.get(account) as { accessKeyId: string; secretAccessKey: string }
  const signed = signHeaders({ ...request, headers, payloadHash: sha256(body), credentials })
  return sendRaw(gateway, { method: request.method, target: request.target, headers: signed.headers, body })
}

function sendPresigned(request: RawRequest): Promise<RawAnswer> {
  const body = Buffer.from(request.body ?? '')
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, ...request.headers }
  const target = presign({ ...request, headers, credentials: gateway.credentials.neighbour, expiresSeconds: 60 })
  headers['content-length'] = String(body.length)
  return sendRaw(gateway, { method: request.method, target, headers, body })
}

/** The row's request, and with real ids of acme's in place of made-up ones. */
function requestsOf(row: ServedOperation, bucket: string): RawRequest[] {
  const request = requestForRow(row, bucket)
  const real = { ...request, target: request.target.replace('uploadId=1', `uploadId=${ids.uploadId}`) }
  const versioned = {
    ...request,
    target: `${request.target}${request.target.includes('?') ? '&' : '?'}versionId=${ids.versionId}`,
  }
  const copies = row.header === undefined ? [] : [`/ours/key`, `/ours/key?versionId=${ids.versionId}`]
  const copied = copies.map((source) => ({ ...real, headers: { ...real.headers, [row.header as string]: source } }))
  // Whose rights may differ from key to key is answered key by key.
  if (row.name === 'DeleteObjects') return [{ ...request, body: '<Delete><Object><Key>key</Key></Object></Delete>' }]
  return row.on === 'object' ? [request, real, versioned, ...copied] : [request]
}

const ON_BUCKETS = SERVED_OPERATIONS.filter(({ needs }) => needs !== 'service' && needs !== 'bucket-name')
/** Rows that need none of these would pass by the matrix: whoever adds a kind says here what it is worth. */
const KINDS = ['service', 'bucket-name', 'bucket', 'key', 'form', 'object']

test('every row of the operation table is of a kind that the matrix knows', () => {
  expect(SERVED_OPERATIONS.filter(({ needs }) => !KINDS.includes(needs)).map(({ name }) => name)).toEqual([])
})

describe.each(Object.entries(CALLERS))('%s', (_name, send) => {
  test.each(ON_BUCKETS.map((row): [string, ServedOperation] => [row.name, row]))('is refused %s', async (_row, row) => {
    for (const request of requestsOf(row, 'ours')) {
      const answer = await send(request)
      expect(row.name === 'DeleteObjects' ? [200, 403] : [403], request.target).toContain(answer.status)
      expect(answer.text).not.toContain('<Deleted>')
      expect(answer.text).not.toContain(SECRET)
      expect(answer.text).not.toContain(`<UploadId>${ids.uploadId}`)
      if (row.method !== 'HEAD') expect(answer.code).toBe('AccessDenied')
    }
  })

  test('sees no bucket of the namespace in its list, nor takes its name', async () => {
    const listed = await send({ method: 'GET', target: '/' })
    expect(listed.text).not.toContain('<Name>ours</Name>')
    const made = await send({ method: 'PUT', target: '/ours' })
    expect([403, 409]).toContain(made.status)
    expect(['AccessDenied', 'BucketAlreadyExists']).toContain(made.code)
  })
})

test('ids of another namespace mean nothing in a bucket of one’s own', async () => {
  for (const row of ON_BUCKETS.filter(({ on }) => on === 'object')) {
    for (const request of requestsOf(row, 'theirs')) {
      const answer = await sendSigned(gateway, { ...request, as: 'neighbour' })
      expect(answer.status, `${row.name} ${request.target}`).toBeLessThan(500)
      expect(answer.text).not.toContain(SECRET)
    }
  }
  const stolen = await sendSigned(gateway, { method: 'GET', target: '/theirs/key', as: 'neighbour' })
  expect(stolen.text).not.toContain(SECRET)
})

test('none of it has changed anything', async () => {
  expect(await digest()).toBe(before)
  expect((await sendSigned(gateway, { method: 'GET', target: '/ours/key' })).text).toBe(SECRET)
})
