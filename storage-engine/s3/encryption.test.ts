import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createNamedKey,
  disableNamedKey,
  enableNamedKey,
  rotateNamedKey,
} from '#storage-engine/namespaces/named-keys.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  const { globex } = gateway.namespaceIds
  for (const name of ['key-1', 'key-2']) await createNamedKey(gateway.engine, { namespaceId: globex, name })
  await send('PUT', '/bkt')
})

afterAll(() => gateway.stop())

/** In a namespace that does not seal by itself. */
const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, as: 'neighbour', ...input })

const SSE = 'x-amz-server-side-encryption'
const md5 = (content: Buffer | string) => referenceMd5(content)

function customer(key: Buffer, prefix = SSE): Record<string, string> {
  return {
    [`${prefix}-customer-algorithm`]: 'AES256',
    [`${prefix}-customer-key`]: key.toString('base64'),
    [`${prefix}-customer-key-md5`]: md5(key).toString('base64'),
  }
}

const copySource = (key: Buffer) => customer(key, 'x-amz-copy-source-server-side-encryption')
const kms = (name: string) => ({ [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: name })
const without = (headers: Record<string, string>, name: string) => {
  const { [name]: _, ...rest } = headers
  return rest
}

const KEY = randomBytes(32)
const OTHER = randomBytes(32)
const REQUIRED = 'InvalidRequest'

async function putSealed(target: string, body: string, headers: Record<string, string>) {
  const answer = await send('PUT', target, { body, headers })
  expect(answer.status).toBe(200)
  return answer
}

describe('SSE-C', () => {
  test('gives an object back to who brings its key, and echoes algorithm and MD5 of the key only', async () => {
    const put = await putSealed('/bkt/c', 'hello', customer(KEY))
    const { [`${SSE}-customer-key`]: secret, ...echoed } = customer(KEY)
    for (const method of ['GET', 'HEAD']) {
      const read = await send(method, '/bkt/c', { headers: customer(KEY) })
      expect(read.headers).toMatchObject(echoed)
      expect(JSON.stringify(read.headers)).not.toContain(secret)
      expect(read.headers[SSE]).toBeUndefined()
      expect(read.headers.etag).toBe(put.headers.etag)
    }
    expect(put.headers).toMatchObject(echoed)
    expect((await send('GET', '/bkt/c', { headers: { ...customer(KEY), range: 'bytes=1-2' } })).text).toBe('el')
  })

  test('answers an ETag that is not the MD5 of the content', async () => {
    const { headers } = await putSealed('/bkt/c', 'hello', customer(KEY))
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(headers.etag).not.toContain(md5('hello').toString('hex'))
  })

  test.each(['GET', 'HEAD'])('refuses a %s without the key, and with another one', async (method) => {
    for (const body of ['', 'hello', 'x'.repeat(300_000)]) {
      await putSealed('/bkt/c', body, customer(KEY))
      expect((await send(method, '/bkt/c')).status).toBe(400)
      expect((await send(method, '/bkt/c', { headers: customer(OTHER) })).status).toBe(400)
      expect((await send(method, '/bkt/c', { headers: { 'if-none-match': '*' } })).status).toBe(400)
      expect((await send(method, '/bkt/c', { headers: customer(KEY) })).status).toBe(200)
    }
  })

  test.each(['GET', 'HEAD'])('refuses a %s with a key of an object that has none', async (method) => {
    await putSealed('/bkt/plain', 'hello', {})
    await putSealed('/bkt/s3', 'hello', { [SSE]: 'AES256' })
    for (const target of ['/bkt/plain', '/bkt/s3']) {
      expect((await send(method, target, { headers: customer(KEY) })).status).toBe(400)
    }
  })

  test.each([
    [without(customer(KEY), `${SSE}-customer-algorithm`), 'InvalidArgument'],
    [without(customer(KEY), `${SSE}-customer-key`), 'InvalidArgument'],
    [without(customer(KEY), `${SSE}-customer-key-md5`), 'InvalidArgument'],
    [{ ...customer(KEY), [`${SSE}-customer-algorithm`]: 'AES192' }, 'InvalidEncryptionAlgorithmError'],
    [customer(randomBytes(16)), 'InvalidArgument'],
    [customer(randomBytes(33)), 'InvalidArgument'],
    [{ ...customer(KEY), [`${SSE}-customer-key-md5`]: md5(OTHER).toString('base64') }, 'InvalidArgument'],
    [{ ...customer(KEY), [`${SSE}-customer-key-md5`]: 'AAAA' }, 'InvalidArgument'],
    [{ ...customer(KEY), [SSE]: 'AES256' }, 'InvalidArgument'],
    [{ ...customer(KEY), ...kms('key-1') }, 'InvalidArgument'],
  ])('refuses parts that do not belong together: %#', async (headers, code) => {
    const answer = await send('PUT', '/bkt/refused', { body: 'x', headers })
    expect(answer.code).toBe(code)
    expect(answer.text).not.toContain(KEY.toString('base64'))
    expect((await send('GET', '/bkt/refused')).status).toBe(404)
  })

  test('copies from one key to another, and needs each at its own side', async () => {
    await putSealed('/bkt/c', 'hello', customer(KEY))
    const copy = (headers: Record<string, string>) =>
      send('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/bkt/c', ...headers } })
    expect((await copy({})).code).toBe(REQUIRED)
    expect((await copy(customer(KEY))).code).toBe(REQUIRED)
    expect((await copy(copySource(OTHER))).code).toBe(REQUIRED)
    const done = await copy({ ...copySource(KEY), ...customer(OTHER) })
    expect(done.headers).toMatchObject(without(customer(OTHER), `${SSE}-customer-key`))
    expect((await send('GET', '/bkt/copy', { headers: customer(OTHER) })).text).toBe('hello')
    expect((await send('GET', '/bkt/copy', { headers: customer(KEY) })).code).toBe(REQUIRED)
    await copy(copySource(KEY))
    expect((await send('GET', '/bkt/copy')).text).toBe('hello')
  })

  test('changes the key of an object that is copied onto itself', async () => {
    await putSealed('/bkt/itself', 'hello', customer(KEY))
    const headers = { 'x-amz-copy-source': '/bkt/itself', ...copySource(KEY), ...customer(OTHER) }
    expect((await send('PUT', '/bkt/itself', { headers })).status).toBe(200)
    expect((await send('GET', '/bkt/itself', { headers: customer(OTHER) })).text).toBe('hello')
  })

  test('wants the key of a multipart upload with every part, copied or sent, and with Complete', async () => {
    await putSealed('/bkt/source', 'b'.repeat(1000), customer(OTHER))
    const opened = await send('POST', '/bkt/m?uploads', { headers: customer(KEY) })
    expect(opened.headers).toMatchObject(without(customer(KEY), `${SSE}-customer-key`))
    const upload = `/bkt/m?uploadId=${/<UploadId>(.*?)<\/UploadId>/.exec(opened.text)?.[1]}`
    const first = 'a'.repeat(5 * 1024 ** 2)
    const part = (headers: Record<string, string>) => send('PUT', `${upload}&partNumber=1`, { body: first, headers })
    expect((await part({})).code).toBe(REQUIRED)
    expect((await part(customer(OTHER))).code).toBe(REQUIRED)
    const sent = await part(customer(KEY))
    expect((await part(customer(KEY))).headers.etag).toBe(sent.headers.etag)
    const from = { 'x-amz-copy-source': '/bkt/source' }
    const copyPart = (headers: Record<string, string>) =>
      send('PUT', `${upload}&partNumber=2`, { headers: { ...from, ...headers } })
    expect((await copyPart(customer(KEY))).code).toBe(REQUIRED)
    expect((await copyPart(copySource(OTHER))).code).toBe(REQUIRED)
    const copied = await copyPart({ ...copySource(OTHER), ...customer(KEY) })
    const etags = [sent.headers.etag, /<ETag>(.*?)<\/ETag>/.exec(copied.text)?.[1]]
    const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    expect((await send('POST', upload, { body })).code).toBe(REQUIRED)
    expect((await send('POST', upload, { body, headers: customer(OTHER) })).code).toBe(REQUIRED)
    expect((await send('POST', upload, { body, headers: customer(KEY) })).status).toBe(200)
    expect((await send('GET', '/bkt/m')).code).toBe(REQUIRED)
    const read = await send('GET', '/bkt/m', { headers: { ...customer(KEY), range: 'bytes=5242879-5242880' } })
    expect(read.text).toBe('ab')
  })

  test('refuses a key with a part of an upload that was opened without', async () => {
    const opened = await send('POST', '/bkt/m2?uploads')
    const uploadId = /<UploadId>(.*?)<\/UploadId>/.exec(opened.text)?.[1]
    const target = `/bkt/m2?uploadId=${uploadId}&partNumber=1`
    expect((await send('PUT', target, { body: 'x', headers: customer(KEY) })).code).toBe(REQUIRED)
  })
})

describe('what is kept of a customer’s key', () => {
  test('is nothing: neither the key nor its MD5 nor the content, in the database or on the nodes', async () => {
    const secret = randomBytes(32)
    const content = randomBytes(400)
    await putSealed('/bkt/kept', content.toString('hex'), customer(secret))
    const digest = md5(secret)
    const needles = [secret, digest, content].flatMap((bytes) => [bytes.toString('hex'), bytes.toString('base64')])
    // The name is stored, so this is where a key would be found.
    expect(await isStored('kept')).toBe(true)
    for (const needle of needles) expect(await isStored(needle)).toBe(false)
  })

  test('is no MD5 of the content of an object either, which would be found if it were', async () => {
    const plain = randomBytes(32).toString('hex')
    await putSealed('/bkt/digest', plain, customer(KEY))
    expect(await isStored(md5(plain).toString('hex'))).toBe(false)
    await putSealed('/bkt/digest', plain, {})
    expect(await isStored(md5(plain).toString('hex'))).toBe(true)
  })

  async function isStored(needle: string): Promise<boolean> {
    const { db } = gateway.engine
    const tables = await db.query<{ name: string }>({
      name: 'list-tables',
      text: `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
      values: [],
    })
    for (const { name } of tables) {
      const text = `select 1 from ${name} t where strpos(t::text, $1) > 0 limit 1`
      if ((await db.query({ name: `search-${name}`, text, values: [needle] })).length > 0) return true
    }
    const files = gateway.engine.config.nodes.flatMap((node) =>
      readdirSync(node, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
    )
    return files.some((entry) => readFileSync(path.join(entry.parentPath, entry.name)).includes(needle))
  }
})

describe('SSE-KMS', () => {
  test('seals with the named key, and answers the key as it was asked for', async () => {
    const put = await putSealed('/bkt/k', 'hello', kms('key-1'))
    expect(put.headers).toMatchObject(kms('key-1'))
    expect(put.headers.etag).not.toContain(md5('hello').toString('hex'))
    const read = await send('GET', '/bkt/k')
    expect(read.headers).toMatchObject(kms('key-1'))
    expect(read.text).toBe('hello')
    expect((await send('HEAD', '/bkt/k')).headers).toMatchObject(kms('key-1'))
  })

  test('knows a key by name, id, alias and ARN', async () => {
    const { id } = await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.globex, name: 'team/a' })
    const names = ['team/a', id, 'alias/team/a', `arn:aws:kms:eu-west-1:123456789012:key/${id}`]
    for (const name of [...names, 'arn:aws:kms:us-east-1:1:alias/team/a']) {
      await putSealed('/bkt/k', name, kms(name))
      expect((await send('GET', '/bkt/k')).text).toBe(name)
    }
  })

  test('reads what an older version of a rotated key sealed', async () => {
    const key = { namespaceId: gateway.namespaceIds.globex, name: 'rotating' }
    await createNamedKey(gateway.engine, key)
    await putSealed('/bkt/old', 'old', kms('rotating'))
    await rotateNamedKey(gateway.engine, key)
    await putSealed('/bkt/new', 'new', kms('rotating'))
    expect((await send('GET', '/bkt/old')).text).toBe('old')
    expect((await send('GET', '/bkt/new')).text).toBe('new')
  })

  test('fails closed, for reads too, while the key is disabled', async () => {
    const key = { namespaceId: gateway.namespaceIds.globex, name: 'key-2' }
    await putSealed('/bkt/k2', 'hello', kms('key-2'))
    await disableNamedKey(gateway.engine, key)
    expect((await send('GET', '/bkt/k2')).code).toBe('KMS.DisabledException')
    expect((await send('PUT', '/bkt/k3', { body: 'x', headers: kms('key-2') })).code).toBe('KMS.DisabledException')
    await enableNamedKey(gateway.engine, key)
    expect((await send('GET', '/bkt/k2')).text).toBe('hello')
    expect((await send('GET', '/bkt/k3')).status).toBe(404)
  })

  test('refuses a key that the namespace does not have, be it that of another one', async () => {
    await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.acme, name: 'theirs' })
    for (const name of ['nobodys', 'theirs', 'x'.repeat(3000), '0f9ad8f0-6f3c-4a52-8a55-1d1c0ad0ac01']) {
      const answer = await send('PUT', '/bkt/refused', { body: 'x', headers: kms(name) })
      expect(answer).toMatchObject({ status: 400, code: 'KMS.NotFoundException' })
    }
  })

  test('uses aws/s3 when none is named, once an administrator made it', async () => {
    const unnamed = { body: 'hello', headers: { [SSE]: 'aws:kms' } }
    expect((await send('PUT', '/bkt/d', unnamed)).code).toBe('KMS.NotFoundException')
    const { id } = await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.globex, name: 'aws/s3' })
    expect((await send('PUT', '/bkt/d', unnamed)).headers).toMatchObject(kms(id))
    expect((await send('GET', '/bkt/d')).text).toBe('hello')
  })

  test('binds the encryption context, and answers it to the write', async () => {
    const context = Buffer.from('{"project":"x"}').toString('base64')
    const headers = { ...kms('key-1'), [`${SSE}-context`]: context, [`${SSE}-bucket-key-enabled`]: 'TRUE' }
    const put = await putSealed('/bkt/ctx', 'hello', headers)
    expect(put.headers).toMatchObject({ [`${SSE}-context`]: context, [`${SSE}-bucket-key-enabled`]: 'true' })
    const read = await send('GET', '/bkt/ctx')
    expect(read.text).toBe('hello')
    expect(read.headers[`${SSE}-context`]).toBeUndefined()
  })

  test.each([
    [{ [`${SSE}-aws-kms-key-id`]: 'key-1' }, 'InvalidArgument'],
    [{ [SSE]: 'AES256', [`${SSE}-aws-kms-key-id`]: 'key-1' }, 'InvalidArgument'],
    [{ [SSE]: 'AES256', [`${SSE}-context`]: 'e30=' }, 'InvalidArgument'],
    [{ ...kms('key-1'), [`${SSE}-context`]: 'not json' }, 'InvalidArgument'],
    [{ ...kms('key-1'), [`${SSE}-context`]: Buffer.from('{"a":1}').toString('base64') }, 'InvalidArgument'],
    [{ ...kms('key-1'), [`${SSE}-context`]: Buffer.from('["a"]').toString('base64') }, 'InvalidArgument'],
    [{ ...kms('key-1'), [`${SSE}-bucket-key-enabled`]: 'maybe' }, 'InvalidArgument'],
    [{ [SSE]: 'aes:kms' }, 'InvalidArgument'],
    [{ [SSE]: 'aws:kms:dsse' }, 'NotImplemented'],
  ])('refuses headers that do not belong together: %#', async (headers, code) => {
    expect((await send('PUT', '/bkt/refused', { body: 'x', headers: headers as Record<string, string> })).code).toBe(
      code,
    )
  })

  test('stays what it is when tags and ACL of the object change', async () => {
    await putSealed('/bkt/tagged', 'hello', kms('key-1'))
    const body = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
    const headers = { 'content-md5': md5(body).toString('base64') }
    expect((await send('PUT', '/bkt/tagged?tagging', { body, headers })).status).toBe(200)
    expect((await send('PUT', '/bkt/tagged?acl', { headers: { 'x-amz-acl': 'public-read' } })).status).toBe(200)
    expect((await send('DELETE', '/bkt/tagged?tagging')).status).toBe(204)
    const read = await send('GET', '/bkt/tagged')
    expect(read.text).toBe('hello')
    expect(read.headers).toMatchObject(kms('key-1'))
  })

  test('ignores on a part what the upload has settled, and answers what the upload was opened with', async () => {
    const opened = await send('POST', '/bkt/km?uploads', { headers: kms('key-1') })
    expect(opened.headers).toMatchObject(kms('key-1'))
    const upload = `/bkt/km?uploadId=${/<UploadId>(.*?)<\/UploadId>/.exec(opened.text)?.[1]}`
    const sent = await send('PUT', `${upload}&partNumber=1`, { body: 'x', headers: kms('nobodys') })
    expect(sent.headers).toMatchObject(kms('key-1'))
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${sent.headers.etag}</ETag></Part></CompleteMultipartUpload>`
    expect((await send('POST', upload, { body })).headers).toMatchObject(kms('key-1'))
    expect((await send('GET', '/bkt/km')).text).toBe('x')
  })
})

describe('a read', () => {
  test.each([
    ['GET', { [SSE]: 'AES256' }],
    ['HEAD', { [SSE]: 'AES256' }],
    ['GET', kms('key-1')],
    ['HEAD', { [`${SSE}-aws-kms-key-id`]: 'key-1' }],
  ])('by %s takes no say in how an object is sealed', async (method, headers) => {
    await putSealed('/bkt/k', 'hello', kms('key-1'))
    expect((await send(method, '/bkt/k', { headers: headers as Record<string, string> })).status).toBe(400)
  })
})
