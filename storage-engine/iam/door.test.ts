import { createHmac } from 'node:crypto'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { callIam, createIamUser, doIam, fieldOf, policyOf } from '#storage-engine/testing/iam-request.ts'
import { type RawAnswer, sendRaw, sendSigned, sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const FORM = 'application/x-www-form-urlencoded'
const WHOAMI = 'Action=GetCallerIdentity&Version=2011-06-15'

interface Sent {
  method?: string
  target?: string
  body?: string
  type?: string
  service?: 's3' | 'iam' | 'sts'
  tamper?(headers: Record<string, string>): void
}

function send({
  method = 'POST',
  target = '/',
  body = '',
  type = FORM,
  service = 'sts',
  tamper,
}: Sent): Promise<RawAnswer> {
  const bytes = Buffer.from(body)
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}` }
  if (method === 'POST') Object.assign(headers, { 'content-type': type, 'content-length': String(bytes.length) })
  const credentials = gateway.credentials.root
  const signed = signHeaders({ method, target, headers, payloadHash: sha256(bytes), credentials, service }).headers
  tamper?.(signed)
  return sendRaw(gateway, { method, target, headers: signed, body: bytes })
}

test('answers a form, and the same in a query', async () => {
  for (const sent of [{ body: WHOAMI }, { method: 'GET', target: `/?${WHOAMI}` }]) {
    const answer = await send(sent)
    expect(answer.status).toBe(200)
    expect(fieldOf(answer, 'Arn')).toBe(`arn:aws:iam::${TEST_ACCOUNT_IDS.acme}:root`)
    expect(answer.headers['content-type']).toBe('text/xml')
    expect(answer.headers['cache-control']).toBe('no-store')
  }
})

test('leaves S3 its own requests: a listing with a strange parameter, an upload by a form', async () => {
  const listed = await sendSigned(gateway, { method: 'GET', target: '/?Action=GetCallerIdentity' })
  expect(listed.text).toContain('<ListAllMyBucketsResult')
  const form = await send({ body: WHOAMI, type: 'multipart/form-data; boundary=x', service: 's3' })
  expect(form.text).not.toContain('GetCallerIdentityResponse')
})

test('takes the signature of its own service alone', async () => {
  for (const service of ['s3', 'iam'] as const) {
    expect(await send({ body: WHOAMI, service })).toMatchObject({ status: 400, code: 'IncompleteSignature' })
  }
  const list = 'Action=ListUsers&Version=2010-05-08'
  expect(await send({ body: list, service: 'sts' })).toMatchObject({ code: 'IncompleteSignature' })
  expect(await send({ body: list, service: 'iam' })).toMatchObject({ status: 200 })
})

test.each<[string, (headers: Record<string, string>) => void, number, string]>([
  [
    'a signature that is wrong',
    (headers) => {
      headers['authorization'] = (headers['authorization'] as string).replace(/.$/, (last) =>
        last === '0' ? '1' : '0',
      )
    },
    403,
    'SignatureDoesNotMatch',
  ],
  [
    'a key that nobody has',
    (headers) => {
      headers['authorization'] = (headers['authorization'] as string).replace(/AKIA\w{16}/, 'AKIAAAAAAAAAAAAAAAAA')
    },
    403,
    'InvalidClientTokenId',
  ],
  [
    'the hash of another body',
    (headers) => {
      headers['x-amz-content-sha256'] = sha256('other')
    },
    400,
    'XAmzContentSHA256Mismatch',
  ],
  [
    'no hash where one was signed',
    (headers) => {
      delete headers['x-amz-content-sha256']
    },
    403,
    'SignatureDoesNotMatch',
  ],
  [
    'a token that is none',
    (headers) => {
      headers['x-amz-security-token'] = 'AAAA'
    },
    403,
    'AccessDenied',
  ],
])('refuses %s', async (_, tamper, status, code) => {
  expect(await send({ body: WHOAMI, tamper })).toMatchObject({ status, code })
})

test.each(['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'])(
  'takes no body without its hash, though %s was signed',
  async (payloadHash) => {
    const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, 'content-type': FORM }
    const credentials = gateway.credentials.root
    const input = { method: 'POST', target: '/', headers, payloadHash, credentials, service: 'sts' as const }
    const body = Buffer.from(WHOAMI)
    const signed = { ...signHeaders(input).headers, 'content-length': String(body.length) }
    expect(await sendRaw(gateway, { method: 'POST', target: '/', headers: signed, body })).toMatchObject({
      status: 400,
      code: 'XAmzContentSHA256Mismatch',
    })
  },
)

test('takes no signature of version 2, be it valid or forged', async () => {
  const date = new Date().toUTCString()
  const { accessKeyId, secretAccessKey } = gateway.credentials.root
  const text = ['POST', '', FORM, date, '/'].join('\n')
  const valid = createHmac('sha1', secretAccessKey).update(text).digest('base64')
  for (const [signature, code] of [
    [valid, 'IncompleteSignature'],
    ['AAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'SignatureDoesNotMatch'],
  ]) {
    const headers = {
      host: `127.0.0.1:${gateway.port}`,
      date,
      'content-type': FORM,
      'content-length': String(WHOAMI.length),
      authorization: `AWS ${accessKeyId}:${signature}`,
    }
    const answer = await sendRaw(gateway, { method: 'POST', target: '/', headers, body: Buffer.from(WHOAMI) })
    expect(answer.code).toBe(code)
  }
})

test('refuses a body that was changed after it was signed', async () => {
  const headers: Record<string, string> = { host: `127.0.0.1:${gateway.port}`, 'content-type': FORM }
  const credentials = gateway.credentials.root
  const signed = signHeaders({
    method: 'POST',
    target: '/',
    headers,
    payloadHash: sha256(WHOAMI),
    credentials,
    service: 'sts',
  }).headers
  const body = Buffer.from(WHOAMI.replace('Identity', 'IdentitY'))
  expect(
    await sendRaw(gateway, {
      method: 'POST',
      target: '/',
      headers: { ...signed, 'content-length': String(body.length) },
      body,
    }),
  ).toMatchObject({ code: 'XAmzContentSHA256Mismatch' })
})

test.each([
  ['no action', 'Version=2011-06-15', 'MissingAction'],
  ['an action that nobody knows', 'Action=Toast&Version=2010-05-08', 'InvalidAction'],
  ['an action of a prototype', 'Action=constructor&Version=2010-05-08', 'InvalidAction'],
  ['an action in the version of another API', 'Action=ListUsers&Version=2011-06-15', 'InvalidAction'],
  ['a parameter that comes twice', `${WHOAMI}&Action=ListUsers`, 'ValidationError'],
  ['too many parameters', `${WHOAMI}${'&a=b'.repeat(2000)}`, 'ValidationError'],
  ['a malformed escape', `${WHOAMI}&Name=%zz`, 'InvalidURI'],
  ['a NUL', `${WHOAMI}&Name=%00`, 'InvalidURI'],
  ['a body beyond 512 KiB', `${WHOAMI}&Name=${'x'.repeat(512 * 1024)}`, 'MaxMessageLengthExceeded'],
])('refuses %s', async (_, body, code) => {
  const answer = await send({ body, service: body.includes('2010') ? 'iam' : 'sts' })
  expect(answer).toMatchObject({ status: 400, code })
  expect(answer.text).toContain('<Type>Sender</Type>')
})

test('gives up a body that ends before its length', async () => {
  const socket = tls.connect({ port: gateway.port, host: '127.0.0.1', ca: gateway.ca, servername: 'localhost' })
  const answered = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
  })
  const text = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${FORM}\r\nContent-Length: 100\r\n\r\nAction=`
  socket.write(text, () => socket.destroy())
  await answered
  // The gateway lives on.
  expect((await send({ body: WHOAMI })).status).toBe(200)
})

test('shows what it was given as text, never as XML', async () => {
  const parameters = {
    RoleName: 'described',
    AssumeRolePolicyDocument: policyOf({ Action: 'sts:AssumeRole', Principal: { AWS: '*' } }),
  }
  await doIam(gateway, { action: 'CreateRole', parameters: { ...parameters, Description: '<b>&"</b>\u202e' } })
  const { text } = await doIam(gateway, { action: 'GetRole', parameters })
  expect(text).toContain('<Description>&lt;b&gt;&amp;&quot;&lt;/b&gt;\u202e</Description>')
})

test('judges conditions by the socket, the clock and the caller, and by no header that names a key', async () => {
  const conditions: [Record<string, unknown>, boolean][] = [
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, true],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, false],
    [{ Bool: { 'aws:SecureTransport': 'true' } }, true],
    [{ StringEquals: { 'aws:username': 'judged' } }, true],
    [{ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, false],
    [{ StringLike: { 'aws:UserAgent': '*' } }, false],
  ]
  const judged = await createIamUser(gateway, { name: 'judged' })
  for (const [Condition, isAllowed] of conditions) {
    const document = policyOf({ Action: 'iam:ListUsers', Condition })
    const policy = { UserName: 'judged', PolicyName: 'p', PolicyDocument: document }
    await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
    const { status } = await callIam(gateway, { action: 'ListUsers', as: judged })
    expect({ Condition, status }).toEqual({ Condition, status: isAllowed ? 200 : 403 })
  }
})

test('writes down who changed what, also what was refused, and nothing that was only read', async () => {
  const { acme } = gateway.namespaceIds
  const last = async () => (await listAuditEvents(gateway.engine.db, { namespaceId: acme, before: null, limit: 1 }))[0]
  const name = { UserName: 'audited' }
  await doIam(gateway, { action: 'CreateUser', parameters: name })
  expect(await last()).toMatchObject({
    actor: `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}:root`,
    action: 'iam:CreateUser',
    target: `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}:user/audited`,
    result: 'ok',
    address: '127.0.0.1',
    details: name,
  })
  const key = await doIam(gateway, { action: 'CreateAccessKey', parameters: name })
  const created = await last()
  expect(created).toMatchObject({ details: { ...name, AccessKeyId: fieldOf(key, 'AccessKeyId') } })
  expect(JSON.stringify(created)).not.toContain(fieldOf(key, 'SecretAccessKey'))
  await callIam(gateway, { action: 'DeleteUser', parameters: name, as: 'account' })
  expect(await last()).toMatchObject({ action: 'iam:DeleteUser', result: 'denied', details: { error: 'AccessDenied' } })
  await callIam(gateway, { action: 'DeleteUser', parameters: name })
  const failed = await last()
  expect(failed).toMatchObject({ result: 'failed', details: { error: 'DeleteConflict' } })
  await doIam(gateway, { action: 'ListUsers' })
  expect(await last()).toEqual(failed)
})
