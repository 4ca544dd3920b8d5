import { randomBytes } from 'node:crypto'
import https from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checksumOf } from '#storage-engine/crypto/checksums.ts'
import { createNamedKey } from '#storage-engine/namespaces/named-keys.ts'
import { formBody, type SignFormInput, signForm } from '#storage-engine/testing/post-form.ts'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { type RawAnswer, type RawRequest, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestCaller, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  for (const bucket of ['/bkt', '/other']) await sendSigned(gateway, { method: 'PUT', target: bucket })
})

afterAll(() => gateway.stop())

interface PostInput extends Partial<Omit<SignFormInput, 'credentials'>> {
  /** Beside those of the signature. */
  fields?: Record<string, string>
  file?: Buffer | string
  signer?: TestCaller
  request?: Partial<RawRequest>
  /** Changes the signed fields. */
  tamper?(fields: Record<string, string>): void
}

/** A form whose policy allows just what it says, unless told otherwise. */
function post(input: PostInput = {}): Promise<RawAnswer> {
  const { fields = {}, file = 'hello', signer = 'root', version = 'v4', bucket = 'bkt', key = 'k', request } = input
  const conditions = input.conditions ?? Object.entries(fields).map(([name, value]) => ({ [name]: value }))
  const credentials = gateway.credentials[signer]
  const signed = signForm({ ...input, version, bucket, key, credentials, conditions })
  input.tamper?.(signed)
  return send(bucket, { key, ...signed, ...fields }, file, request)
}

/** Changes one of the signed fields. */
function set(name: string, change: (value: string) => string): (fields: Record<string, string>) => void {
  return (fields) => {
    fields[name] = change(fields[name] as string)
  }
}

function send(bucket: string, fields: Record<string, string>, file: Buffer | string, request?: Partial<RawRequest>) {
  const { body, contentType } = formBody(fields, file)
  const headers = { 'content-type': contentType }
  return sendSigned(gateway, { method: 'POST', target: `/${bucket}`, headers, body, as: null, ...request })
}

const get = (target: string, headers: Record<string, string> = {}) =>
  sendSigned(gateway, { method: 'GET', target, headers })

describe.each(['v4', 'v2'] as const)('PostObject with a policy signed by %s', (version) => {
  test('stores the file, and answers 204 with its ETag and address', async () => {
    const key = `${version}/é k`
    const answer = await post({ version, key, file: 'hello' })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      location: `https://127.0.0.1:${gateway.port}/bkt/${version}/%C3%A9%20k`,
      'x-amz-server-side-encryption': 'AES256',
    })
    const read = await get(`/bkt/${version}/%C3%A9%20k`)
    expect(read.text).toBe('hello')
    expect(read.headers['content-type']).toBe('binary/octet-stream')
  })

  test('refuses a signature by another secret, an unknown key and a changed policy, and stores nothing', async () => {
    const key = `${version}-refused`
    const name = version === 'v4' ? 'x-amz-signature' : 'signature'
    const forged = await post({ version, key, tamper: set(name, () => '0'.repeat(64)) })
    expect([forged.status, forged.code]).toEqual([403, 'SignatureDoesNotMatch'])
    const identity = version === 'v4' ? 'x-amz-credential' : 'AWSAccessKeyId'
    const unknown = await post({
      version,
      key,
      tamper: set(identity, (value) => value.replace(/^.{8}/, 'AKIANONE')),
    })
    expect([unknown.status, unknown.code]).toEqual([403, 'InvalidAccessKeyId'])
    const wider = Buffer.from(JSON.stringify({ expiration: '2999-01-01T00:00:00Z', conditions: [] })).toString('base64')
    const changed = await post({ version, key, tamper: set('policy', () => wider) })
    expect(changed.code).toBe('SignatureDoesNotMatch')
    expect((await get(`/bkt/${key}`)).status).toBe(404)
  })

  test('refuses a form without its policy, its signature, or its key', async () => {
    for (const name of ['policy', version === 'v4' ? 'x-amz-signature' : 'signature']) {
      const answer = await post({ version, tamper: set(name, () => '') })
      expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
    }
  })

  test('writes what its signer may write and nothing else', async () => {
    expect((await post({ version, signer: 'user' })).code).toBe('AccessDenied')
    expect((await post({ version, signer: 'neighbour' })).code).toBe('AccessDenied')
    expect((await post({ version, bucket: 'no-such-bucket' })).code).toBe('NoSuchBucket')
  })
})

describe('the policy of PostObject', () => {
  test('binds every field, and the bucket of the URL', async () => {
    expect((await post({ fields: { acl: 'private' }, conditions: [] })).code).toBe('AccessDenied')
    expect((await post({ fields: { 'x-amz-meta-a': 'b' }, conditions: [{ 'x-amz-meta-a': 'c' }] })).code).toBe(
      'AccessDenied',
    )
    const credentials = gateway.credentials.root
    const signed = signForm({ version: 'v4', bucket: 'bkt', key: 'k', credentials })
    expect((await send('other', { key: 'k', ...signed }, 'x')).code).toBe('AccessDenied')
    expect((await send('other', { key: 'k', bucket: 'bkt', ...signed }, 'x')).code).toBe('AccessDenied')
    expect((await send('bkt', { key: 'else', ...signed }, 'x')).code).toBe('AccessDenied')
    expect((await send('bkt', { key: 'k', 'x-ignore-this': '1', ...signed }, 'x')).status).toBe(204)
  })

  test('ends when it says, and must be one', async () => {
    expect((await post({ expiresAt: new Date(Date.now() - 1000) })).code).toBe('AccessDenied')
    const answer = await post({ conditions: [{}] })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidPolicyDocument'])
  })

  test('bounds the size of the file', async () => {
    const bounded = (file: string) => post({ key: 'sized', file, conditions: [['content-length-range', 3, 5]] })
    expect((await bounded('xx')).code).toBe('EntityTooSmall')
    expect((await bounded('xxxxxx')).code).toBe('EntityTooLarge')
    expect((await get('/bkt/sized')).status).toBe(404)
    for (const file of ['xxx', 'xxxxx']) expect((await bounded(file)).status).toBe(204)
    const large = await post({ file: 'x'.repeat(1_000_000), conditions: [['content-length-range', 0, 10]] })
    expect(large.code).toBe('EntityTooLarge')
  })

  test('knows no other credentials beside it', async () => {
    const both = await post({ request: { as: 'root' } })
    expect([both.status, both.code]).toEqual([400, 'InvalidArgument'])
    const mixed = await post({ version: 'v4', fields: { signature: 'x', AWSAccessKeyId: 'x' } })
    expect(mixed.code).toBe('InvalidArgument')
  })
})

describe('the fields of PostObject', () => {
  test('become headers and metadata of the object', async () => {
    const fields = {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'x-amz-meta-colour': 'grün',
      'Content-Disposition': 'attachment',
    }
    expect((await post({ key: 'described', fields })).status).toBe(204)
    expect((await get('/bkt/described')).headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'content-disposition': 'attachment',
      'x-amz-meta-colour': Buffer.from('grün').toString('latin1'),
    })
  })

  test('tag the object', async () => {
    const tagging = '<Tagging><TagSet><Tag><Key>a b</Key><Value>ü=&#43;</Value></Tag></TagSet></Tagging>'
    expect((await post({ key: 'tagged', fields: { tagging } })).status).toBe(204)
    expect((await get('/bkt/tagged')).headers['x-amz-tagging-count']).toBe('1')
    expect((await post({ key: 'tagged', fields: { tagging: 'a=b' } })).code).toBe('MalformedXML')
  })

  test('put the name of the file into the key', async () => {
    const key = ['up/$', '{filename}'].join('')
    const answer = await post({ key, conditions: [['starts-with', '$key', 'up/']], tamper: signAnyKey })
    expect(answer.status).toBe(204)
    expect((await get('/bkt/up/f')).text).toBe('hello')

    function signAnyKey(fields: Record<string, string>): void {
      const signed = signForm({
        version: 'v4',
        bucket: 'bkt',
        key: 'up/f',
        credentials: gateway.credentials.root,
        conditions: [['starts-with', '$key', 'up/']],
      })
      Object.assign(fields, signed)
    }
  })

  test('claim a checksum and an MD5 of the file, which must hold', async () => {
    const name = 'x-amz-checksum-sha256'
    const value = checksumOf('SHA256', Buffer.from('hello'))
    const good = await post({ key: 'summed', fields: { [name]: value }, conditions: [] })
    expect([good.status, good.headers[name]]).toEqual([204, value])
    const other = checksumOf('SHA256', Buffer.from('other'))
    expect((await post({ key: 'bad', fields: { [name]: other }, conditions: [] })).code).toBe('BadDigest')
    expect((await post({ key: 'bad', fields: { [name]: 'sailor' }, conditions: [] })).status).toBe(400)
    const md5 = referenceMd5('other').toString('base64')
    expect((await post({ key: 'bad', fields: { 'Content-MD5': md5 } })).code).toBe('BadDigest')
    expect((await get('/bkt/bad')).status).toBe(404)
  })

  test('seal the object by a customer’s key or a named one', async () => {
    const key = randomBytes(32)
    const prefix = 'x-amz-server-side-encryption'
    const customer = {
      [`${prefix}-customer-algorithm`]: 'AES256',
      [`${prefix}-customer-key`]: key.toString('base64'),
      [`${prefix}-customer-key-md5`]: referenceMd5(key).toString('base64'),
    }
    const answer = await post({ key: 'sse-c', fields: customer })
    expect(answer.headers[`${prefix}-customer-algorithm`]).toBe('AES256')
    expect((await get('/bkt/sse-c')).status).toBe(400)
    expect((await get('/bkt/sse-c', customer)).text).toBe('hello')
    await createNamedKey(gateway.engine, { namespaceId: gateway.namespaceIds.acme, name: 'form-key' })
    const named = { [prefix]: 'aws:kms', [`${prefix}-aws-kms-key-id`]: 'form-key' }
    expect((await post({ key: 'sse-kms', fields: named })).headers).toMatchObject(named)
    expect((await get('/bkt/sse-kms')).headers).toMatchObject(named)
  })

  test.each([
    ['x-amz-meta-a', 'x\r\nSet-Cookie: a=b', 'InvalidArgument'],
    ['Content-Type', 'a\0b', 'InvalidArgument'],
    ['x-amz-meta-a', 'x'.repeat(3000), 'MetadataTooLarge'],
    ['x-amz-storage-class', 'NO_SUCH_CLASS', 'InvalidStorageClass'],
    ['x-amz-server-side-encryption', 'ROT13', 'InvalidArgument'],
    ['x-amz-meta-a', 'x'.repeat(21_000), 'MaxPostPreDataLengthExceeded'],
  ])('refuse %s: %j with %s', async (name, value, code) => {
    const answer = await post({
      key: 'refused',
      fields: { [name]: value },
      conditions: [['starts-with', `$${name}`, '']],
    })
    expect([answer.status, answer.code]).toEqual([400, code])
    expect((await get('/bkt/refused')).status).toBe(404)
  })

  test('must not say one thing twice', async () => {
    const { body, contentType } = formBody({ key: 'a' }, 'x')
    const twice = Buffer.concat([Buffer.from(body.toString().split('name="file"')[0] as string), body])
    const doubled = twice
      .toString()
      .replace(/(--.*\r\nContent-Disposition: form-data; )--/, '$1name="KEY"\r\n\r\nb\r\n--')
    const headers = { 'content-type': contentType }
    const answer = await sendSigned(gateway, { method: 'POST', target: '/bkt', headers, body: doubled, as: null })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
    const fields = { acl: 'private', 'x-amz-acl': 'private' }
    expect((await post({ fields })).code).toBe('InvalidArgument')
  })

  test('must have a key of S3’s length', async () => {
    expect((await send('bkt', {}, 'x')).code).toBe('InvalidArgument')
    expect((await send('bkt', { key: '' }, 'x')).code).toBe('InvalidArgument')
    expect((await send('bkt', { key: 'x'.repeat(1025) }, 'x')).code).toBe('KeyTooLongError')
  })
})

describe('the answer of PostObject', () => {
  test.each([
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ])('to success_action_status %j is %d', async (status, expected) => {
    const answer = await post({ key: 'a<b', fields: { success_action_status: status } })
    expect(answer.status).toBe(expected)
    if (expected !== 201) expect(answer.text).toBe('')
    else
      expect(answer.text).toContain(
        `<PostResponse><Location>https://127.0.0.1:${gateway.port}/bkt/a%3Cb</Location><Bucket>bkt</Bucket><Key>a&lt;b</Key><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag></PostResponse>`,
      )
  })

  test.each([
    ['https://a.example/done', 'https://a.example/done?'],
    ['https://a.example/done?x=1#top', 'https://a.example/done?x=1&'],
  ])('sends the browser on to %s', async (url, start) => {
    const answer = await post({ key: 'a b', fields: { success_action_redirect: url } })
    expect(answer.status).toBe(303)
    const location = answer.headers.location as string
    expect(location.startsWith(`${start}bucket=bkt&key=a%20b&etag=%225d41402abc4b2a76b9719d911017c592%22`)).toBe(true)
  })

  test.each(['javascript:alert(1)', 'no address', '//a.example', ''])('does not send it to %j', async (url) => {
    const answer = await post({ key: 'a', fields: { success_action_redirect: url } })
    expect([answer.status, answer.headers.location?.includes('alert')]).toEqual([204, false])
  })
})

describe('a body that is no form', () => {
  test('is refused with 412, a form that is broken with 400', async () => {
    const plain = await sendSigned(gateway, { method: 'POST', target: '/bkt', body: 'x' })
    expect([plain.status, plain.code]).toEqual([412, 'PreconditionFailed'])
    const headers = { 'content-type': 'multipart/form-data; boundary=B' }
    const broken = await sendSigned(gateway, { method: 'POST', target: '/bkt', body: 'x', headers, as: null })
    expect([broken.status, broken.code]).toEqual([400, 'MalformedPOSTRequest'])
  })

  test('and a form that breaks off leaves nothing', async () => {
    const fields = {
      key: 'cut',
      ...signForm({ version: 'v4', bucket: 'bkt', key: 'cut', credentials: gateway.credentials.root }),
    }
    const { body, contentType } = formBody(fields, 'x'.repeat(400_000))
    const request = { method: 'POST', target: '/bkt', headers: { 'content-type': contentType }, as: null }
    const answer = await sendSigned(gateway, { ...request, body: body.subarray(0, -10) })
    expect([answer.status, answer.code]).toEqual([400, 'MalformedPOSTRequest'])
    expect((await get('/bkt/cut')).status).toBe(404)
  })
})

test('nobody writes by PostObject into a bucket that is not open to all', async () => {
  const answer = await send('bkt', { key: 'anonymous' }, 'x')
  expect([answer.status, answer.code]).toEqual([403, 'AccessDenied'])
})

test('anybody writes by PostObject, tags and all, into a bucket that is open to all', async () => {
  const headers = { 'x-amz-acl': 'public-read-write' }
  await sendSigned(gateway, { method: 'PUT', target: '/open', headers })
  const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
  expect((await send('open', { key: 'k', acl: 'public-read', tagging }, 'hello')).status).toBe(204)
  const read = await sendSigned(gateway, { method: 'GET', target: '/open/k', as: null })
  expect(read.text).toBe('hello')
})

test('a form in a request that is signed as a whole is its signer’s', async () => {
  const { body, contentType } = formBody({ key: 'signed' }, 'hello')
  const headers = { 'content-type': contentType }
  expect((await sendSigned(gateway, { method: 'POST', target: '/bkt', headers, body })).status).toBe(204)
  expect((await get('/bkt/signed')).text).toBe('hello')
  const tampered = await sendSigned(gateway, {
    method: 'POST',
    target: '/bkt',
    headers,
    body,
    payloadHash: '0'.repeat(64),
  })
  expect(tampered.code).toBe('XAmzContentSHA256Mismatch')
})

test('a client that waits for 100 Continue is told to send its form', async () => {
  const fields = signForm({ version: 'v4', bucket: 'bkt', key: 'waiting', credentials: gateway.credentials.root })
  const { body, contentType } = formBody({ key: 'waiting', ...fields }, 'hello')
  const headers = {
    host: `127.0.0.1:${gateway.port}`,
    'content-type': contentType,
    'content-length': String(body.length),
    expect: '100-continue',
  }
  const { agent, port } = gateway
  const status = await new Promise((resolve, reject) => {
    const options = { method: 'POST', path: '/bkt', host: '127.0.0.1', port, agent, headers, servername: 'localhost' }
    const req = https.request(options, (res) => resolve(res.resume().statusCode))
    req.on('continue', () => req.end(body)).on('error', reject)
    req.flushHeaders()
  })
  expect(status).toBe(204)
})

test('a large file goes through whole', async () => {
  const file = randomBytes(3_000_000)
  expect((await post({ key: 'large', file })).status).toBe(204)
  expect((await get('/bkt/large')).body.equals(file)).toBe(true)
})
