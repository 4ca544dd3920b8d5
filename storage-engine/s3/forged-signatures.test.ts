import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitRequestTarget } from '#storage-engine/auth/request-target.ts'
import { findOperation } from '#storage-engine/s3/operation-table.ts'
import { CREDENTIAL_MODES, type CredentialMode, type Forgery } from '#storage-engine/testing/credential-modes.ts'
import { digestDatabase } from '#storage-engine/testing/database-digest.ts'
import { requestForRow, SERVED_OPERATIONS, type ServedOperation } from '#storage-engine/testing/operation-request.ts'
import { formBody, signForm } from '#storage-engine/testing/post-form.ts'
import {
  frameChunks,
  type RawAnswer,
  type RawRequest,
  sendRaw,
  sendSigned,
  sha256,
  signHeaders,
} from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** C1 of docs/security.md: no operation and no way of sending credentials goes past the signature check. */

const SECRET = 'the bytes that nobody else may see'
const SKEW_MS = 16 * 60_000
let gateway: TestGateway
let before: Record<string, string>

beforeAll(async () => {
  gateway = await startTestGateway()
  for (const bucket of ['ours', 'control']) {
    await sendSigned(gateway, { method: 'PUT', target: `/${bucket}` })
    await sendSigned(gateway, { method: 'PUT', target: `/${bucket}/key`, body: SECRET })
  }
  // Temporary credentials are asked for on first use.
  for (const mode of CREDENTIAL_MODES) await mode.send(gateway, { method: 'GET', target: '/ours/key' }, {})
  before = await digestDatabase(gateway.engine.db)
})

afterAll(() => gateway.stop())

/** HEAD answers have no body, so only the status tells. */
function expectRefusal(answer: RawAnswer, row: ServedOperation, what: string): void {
  const label = `${row.name}: ${what}: ${answer.text}`
  expect(answer.text, label).not.toContain(SECRET)
  expect([400, 403], label).toContain(answer.status)
  if (row.method !== 'HEAD') expect(REFUSALS, label).toContain(answer.code)
}

const REFUSALS = [
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidArgument',
  'InvalidRequest',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]

/** What a request with a good signature never meets, whatever else is wrong with it. */
const DISTRUST = [
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]

type Tamper = NonNullable<Forgery['tamper']>

/** The first digit of a signature, changed so that its form stays right. */
function spoil({ signaturePlace, name }: CredentialMode): Tamper {
  const change = (digit: string) => (digit === 'a' ? 'b' : 'a')
  if (signaturePlace === 'query') {
    return (sent) => {
      sent.target = sent.target.replace(/(?<=[?&](?:X-Amz-)?Signature=)[^&]/, change)
    }
  }
  const first = name.startsWith('SigV2') ? /(?<=:)./ : /(?<=Signature=)./
  return ({ headers }) => {
    headers['authorization'] = (headers['authorization'] as string).replace(first, change)
  }
}

const addHeader =
  (name: string): Tamper =>
  ({ headers }) => {
    headers[name] = 'private'
  }

function forgeriesOf(mode: CredentialMode): Record<string, Forgery> {
  return {
    'a changed signature': { tamper: spoil(mode) },
    'an unknown access key': { accessKeyId: 'AKIANOBODY' },
    'an empty secret': { secretAccessKey: '' },
    'another secret': { secretAccessKey: 'guess' },
    'a signature that has expired': { clockShift: -SKEW_MS },
    'a signature of another method': { method: 'OPTIONS' },
    'a signature for another key': {
      tamper: (sent) => {
        sent.target = sent.target.replace(/^[^?]*/, (path) => `${path}${path.endsWith('/') ? '' : '/'}x`)
      },
    },
    'a header that is added afterwards': { tamper: addHeader('x-amz-acl') },
    'a token nobody gave': { tamper: addHeader('x-amz-security-token') },
    'a second mechanism': {
      tamper: (sent) => {
        const parameter = mode.signaturePlace === 'query' ? '' : 'X-Amz-Signature=00'
        if (parameter === '') sent.headers['authorization'] = 'AWS4-HMAC-SHA256 forged'
        else sent.target += `${sent.target.includes('?') ? '&' : '?'}${parameter}`
      },
    },
  }
}

describe.each(CREDENTIAL_MODES)('$name', (mode) => {
  test('opens what it may with a good signature, or this suite would prove nothing', async () => {
    const answer = await mode.send(gateway, { method: 'GET', target: '/ours/key' }, {})
    expect([answer.status, answer.text]).toEqual([200, SECRET])
  })

  test.each(Object.entries(forgeriesOf(mode)))('every operation refuses %s', async (what, forgery) => {
    for (const row of SERVED_OPERATIONS) {
      // The key that the request is changed to must not make another operation of it.
      if (what === 'a signature for another key' && row.on !== 'object') continue
      expectRefusal(await mode.send(gateway, requestForRow(row, 'ours'), forgery), row, what)
    }
  })
})

/** Credentials that are none: sent without any signature at all. */
const GARBAGE: Record<string, { authorization?: string; query?: string; token?: string }> = {
  nothing: {},
  'an empty Authorization header': { authorization: '' },
  'another scheme': { authorization: 'Bearer token' },
  'a scheme alone': { authorization: 'AWS4-HMAC-SHA256' },
  'a scheme and a space': { authorization: 'AWS4-HMAC-SHA256 ' },
  'version 2 without a key': { authorization: 'AWS :' },
  'version 2 with an empty signature': { authorization: 'AWS AKIA:' },
  'fields without values': { authorization: 'AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=' },
  'another algorithm': { authorization: 'AWS4-ECDSA-P256-SHA256 Credential=a/20260101/r/s3/aws4_request' },
  'a presigned URL without a signature': { query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256' },
  'a presigned URL with an empty signature': { query: 'X-Amz-Signature=' },
  'a version 2 presigned URL without a signature': { query: 'AWSAccessKeyId=a&Expires=9999999999' },
  'a token alone': { token: 'forged' },
  'a token in the query': { query: 'X-Amz-Security-Token=forged' },
}

test.each(Object.entries(GARBAGE))('every operation refuses %s', async (what, { authorization, query, token }) => {
  for (const row of SERVED_OPERATIONS) {
    const request = requestForRow(row, 'ours')
    const target =
      query === undefined ? request.target : `${request.target}${request.target.includes('?') ? '&' : '?'}${query}`
    const headers = {
      ...request.headers,
      ...(authorization !== undefined && { authorization }),
      ...(token !== undefined && { 'x-amz-security-token': token }),
    }
    expectRefusal(await sendSigned(gateway, { ...request, target, headers, as: null }), row, what)
  }
})

/** Unsigned, whatever framing the request claims for its body. */
test.each([
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  sha256('forged'),
])('every operation refuses nobody with a body that claims to be %s', async (payload) => {
  for (const row of SERVED_OPERATIONS) {
    const request = requestForRow(row, 'ours')
    const headers = { ...request.headers, 'x-amz-content-sha256': payload }
    expectRefusal(await sendSigned(gateway, { ...request, headers, as: null }), row, payload)
  }
})

test('SigV2 never vouches for chunks', async () => {
  const mode = CREDENTIAL_MODES.find(({ name }) => name === 'SigV2 in the header') as CredentialMode
  for (const row of SERVED_OPERATIONS) {
    const request = requestForRow(row, 'ours')
    const headers = { ...request.headers, 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }
    expectRefusal(await mode.send(gateway, { ...request, headers }, {}), row, 'chunks')
  }
})

describe.each(['v4', 'v2'] as const)('a form with a policy signed by %s', (version) => {
  const send = (row: ServedOperation, secretAccessKey?: string) => {
    const { root } = gateway.credentials
    const credentials = { ...root, ...(secretAccessKey !== undefined && { secretAccessKey }) }
    const fields = signForm({ version, bucket: 'ours', key: 'key', credentials })
    const { body, contentType } = formBody({ ...fields, key: 'key' }, 'forged')
    const headers = { ...requestForRow(row, 'ours').headers, 'content-type': contentType }
    return sendSigned(gateway, { ...requestForRow(row, 'ours'), headers, body, as: null })
  }

  test('is no credential for any operation but PostObject', async () => {
    for (const row of SERVED_OPERATIONS) {
      if (row.name !== 'PostObject') expectRefusal(await send(row), row, 'a good form')
    }
  })

  test('is refused by every operation when another secret signed it', async () => {
    for (const row of SERVED_OPERATIONS) expectRefusal(await send(row, 'guess'), row, 'a forged form')
  })
})

test('a body that is not the one signed is refused in every framing, and nothing of it becomes visible', async () => {
  const trailer = { name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }
  const forge = (seed: ReturnType<typeof signHeaders>, last: typeof trailer | null) => {
    const framed = frameChunks({ seed, chunks: [Buffer.from('genuine')], trailer: last, isSigned: true })
    return Buffer.from(framed.toString('latin1').replace('genuine', 'changed'), 'latin1')
  }
  const send = async (payloadHash: string, frame: (seed: ReturnType<typeof signHeaders>) => Buffer) => {
    const seed = signHeaders({
      method: 'PUT',
      target: '/ours/new',
      headers: {
        host: `127.0.0.1:${gateway.port}`,
        ...(payloadHash.startsWith('STREAMING') && { 'x-amz-decoded-content-length': '7' }),
        ...(payloadHash.includes('TRAILER') && { 'x-amz-trailer': trailer.name }),
      },
      payloadHash,
      credentials: gateway.credentials.root,
    })
    const body = frame(seed)
    const headers = { ...seed.headers, 'content-length': String(body.length) }
    return (await sendRaw(gateway, { method: 'PUT', target: '/ours/new', headers, body })).code
  }
  expect([
    await send(sha256('genuine'), () => Buffer.from('changed')),
    await send('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', (seed) => forge(seed, null)),
    await send('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', (seed) => forge(seed, trailer)),
    await send('STREAMING-UNSIGNED-PAYLOAD-TRAILER', (seed) =>
      frameChunks({ seed, chunks: [Buffer.from('changed')], trailer, isSigned: false }),
    ),
  ]).toEqual(['XAmzContentSHA256Mismatch', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'BadDigest'])
  expect((await sendSigned(gateway, { method: 'GET', target: '/ours/new' })).code).toBe('NoSuchKey')
})

test('nothing that was refused has changed anything', async () => {
  expect(await digestDatabase(gateway.engine.db)).toEqual(before)
})

test('each row of the operation table is what its request selects, so that none is left out', () => {
  const unreached = SERVED_OPERATIONS.filter((row) => {
    const { method, target, headers = {} } = requestForRow(row, 'ours')
    const { query } = splitRequestTarget(target)
    return findOperation({ method, on: row.on, query, headers: new Map(Object.entries(headers)) }) !== row
  })
  expect(unreached.map(({ name }) => name)).toEqual([])
})

// Last, as good requests change things.
test.each(SERVED_OPERATIONS.map((row): [string, ServedOperation] => [row.name, row]))(
  '%s trusts a good signature',
  async (_name, row) => {
    const request: RawRequest = requestForRow(row, 'control')
    const answer = await sendSigned(gateway, request)
    expect(DISTRUST).not.toContain(answer.code)
    expect([400, 403].includes(answer.status) && row.method === 'HEAD').toBe(false)
  },
)
