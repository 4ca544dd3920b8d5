import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { callIam, createIamUser, doIam, fieldOf, policyOf } from '#storage-engine/testing/iam-request.ts'
import { type SentCredentials, sendAs } from '#storage-engine/testing/sent-credentials.ts'
import { presign, type RawAnswer, sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const HOUR_MS = 3_600_000
const ACCOUNT = `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}`

let gateway: TestGateway
let clock = 0
type User = Awaited<ReturnType<typeof createIamUser>>
let ann: User
let neighbour: User

beforeAll(async () => {
  gateway = await startTestGateway({ now: () => Date.now() + clock })
  await sendSigned(gateway, { method: 'PUT', target: '/vault' })
  await sendSigned(gateway, { method: 'PUT', target: '/vault/gold', body: 'bars' })
  ann = await createIamUser(gateway, { name: 'ann' })
  neighbour = await createIamUser(gateway, { name: 'nell', as: 'neighbour' })
})
afterAll(() => gateway.stop())

const trustOf = (principal: unknown, more: Record<string, unknown> = {}) =>
  policyOf({ Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: principal, ...more })

interface RoleInput {
  name: string
  trust?: string
  allow?: string | string[]
  parameters?: Record<string, string>
}

/** A role of acme that trusts ann. */
async function createRole({ name, trust = trustOf({ AWS: ann.arn }), allow, parameters }: RoleInput): Promise<string> {
  const created = await doIam(gateway, {
    action: 'CreateRole',
    parameters: { RoleName: name, AssumeRolePolicyDocument: trust, ...parameters },
  })
  if (allow !== undefined) {
    const policy = { RoleName: name, PolicyName: 'allow', PolicyDocument: policyOf({ Action: allow }) }
    await doIam(gateway, { action: 'PutRolePolicy', parameters: policy })
  }
  return fieldOf(created, 'Arn')
}

const assume = (arn: string, as: SentCredentials, parameters: Record<string, string> = {}) =>
  callIam(gateway, { action: 'AssumeRole', parameters: { RoleArn: arn, RoleSessionName: 'work', ...parameters }, as })

function credentialsOf(answer: RawAnswer): Required<SentCredentials> {
  expect(answer).toMatchObject({ status: 200 })
  return {
    accessKeyId: fieldOf(answer, 'AccessKeyId'),
    secretAccessKey: fieldOf(answer, 'SecretAccessKey'),
    sessionToken: fieldOf(answer, 'SessionToken'),
  }
}

const read = (as: SentCredentials) => sendAs(gateway, as, { method: 'GET', target: '/vault/gold' })

describe('who may assume a role', () => {
  test('a user of the namespace whom the role names, who then has the rights of the role and no others', async () => {
    const arn = await createRole({ name: 'reader', allow: 's3:GetObject' })
    const answer = await assume(arn, ann)
    const session = credentialsOf(answer)
    expect(session.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/)
    expect(await read(session)).toMatchObject({ status: 200, text: 'bars' })
    expect(await read(ann)).toMatchObject({ status: 403 })
    expect(await sendAs(gateway, session, { method: 'DELETE', target: '/vault/gold' })).toMatchObject({ status: 403 })
    const identity = await doIam(gateway, { action: 'GetCallerIdentity', as: session })
    expect(fieldOf(identity, 'Arn')).toBe(`arn:aws:sts::${TEST_ACCOUNT_IDS.acme}:assumed-role/reader/work`)
    expect(fieldOf(identity, 'UserId')).toMatch(/^AROA[A-Z2-7]{26}:work$/)
    expect(fieldOf(answer, 'AssumedRoleId')).toBe(fieldOf(identity, 'UserId'))
  })

  test('nobody whom the role does not name, nor of a role that is not there: the answer is the same', async () => {
    const arn = await createRole({ name: 'others', trust: trustOf({ AWS: `${ACCOUNT}:user/somebody` }) })
    const all = await createIamUser(gateway, { name: 'everything', allow: '*' })
    for (const [role, as] of [
      [arn, ann],
      [arn, all],
      [`${ACCOUNT}:role/none`, all],
      ['arn:aws:iam::999999999999:role/none', all],
    ] as const) {
      expect(await assume(role, as)).toMatchObject({ status: 403, code: 'AccessDenied' })
    }
  })

  test('a user whose own policy allows it where the role names the account, and nobody without one', async () => {
    const arn = await createRole({ name: 'delegated', trust: trustOf({ AWS: `${ACCOUNT}:root` }) })
    expect(await assume(arn, ann)).toMatchObject({ code: 'AccessDenied' })
    const may = await createIamUser(gateway, { name: 'delegate', allow: 'sts:AssumeRole' })
    expect((await assume(arn, may)).status).toBe(200)
  })

  test('no user whose own policy denies it', async () => {
    const denied = await createIamUser(gateway, { name: 'denied' })
    const arn = await createRole({ name: 'willing', trust: trustOf({ AWS: denied.arn }) })
    expect((await assume(arn, denied)).status).toBe(200)
    const document = policyOf({ Effect: 'Deny', Action: 'sts:*' })
    const policy = { UserName: 'denied', PolicyName: 'deny', PolicyDocument: document }
    await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
    expect(await assume(arn, denied)).toMatchObject({ code: 'AccessDenied' })
  })

  test('a stranger only when the role and its own namespace both allow it', async () => {
    const arn = await createRole({ name: 'abroad', trust: trustOf({ AWS: neighbour.arn }), allow: 's3:GetObject' })
    expect(await assume(arn, neighbour)).toMatchObject({ code: 'AccessDenied' })
    const policy = { UserName: 'nell', PolicyName: 'p', PolicyDocument: policyOf({ Action: 'sts:AssumeRole' }) }
    await doIam(gateway, { action: 'PutUserPolicy', parameters: policy, as: 'neighbour' })
    expect(await read(credentialsOf(await assume(arn, neighbour)))).toMatchObject({ status: 200 })
    for (const namespaceId of Object.values(gateway.namespaceIds)) {
      const [told] = await listAuditEvents(gateway.engine.db, { namespaceId, before: null, limit: 1 })
      expect(told).toMatchObject({ actor: neighbour.arn, action: 'sts:AssumeRole', details: { RoleArn: arn } })
    }
    const closed = await createRole({ name: 'closed' })
    expect(await assume(closed, neighbour)).toMatchObject({ code: 'AccessDenied' })
  })

  test('no root user, whatever the role says', async () => {
    const arn = await createRole({ name: 'open', trust: trustOf({ AWS: '*' }) })
    expect(await assume(arn, gateway.credentials.root)).toMatchObject({ code: 'AccessDenied' })
    expect(await assume(arn, gateway.credentials.neighbour)).toMatchObject({ code: 'AccessDenied' })
  })

  test('whoever knows the external id, where the role asks for one', async () => {
    const condition = { Condition: { StringEquals: { 'sts:ExternalId': 'pass-7' } } }
    const arn = await createRole({ name: 'external', trust: trustOf({ AWS: ann.arn }, condition) })
    expect(await assume(arn, ann)).toMatchObject({ code: 'AccessDenied' })
    expect(await assume(arn, ann, { ExternalId: 'pass-8' })).toMatchObject({ code: 'AccessDenied' })
    expect((await assume(arn, ann, { ExternalId: 'pass-7' })).status).toBe(200)
  })
})

describe('a session', () => {
  test('has no right that its session policy does not give, and none that the role has not', async () => {
    const arn = await createRole({ name: 'wide', allow: ['s3:GetObject', 's3:ListBucket'] })
    const narrow = credentialsOf(
      await assume(arn, ann, { Policy: policyOf({ Action: ['s3:ListBucket', 's3:PutObject'] }) }),
    )
    expect(await read(narrow)).toMatchObject({ status: 403 })
    expect(await sendAs(gateway, narrow, { method: 'GET', target: '/vault' })).toMatchObject({ status: 200 })
    expect(await sendAs(gateway, narrow, { method: 'PUT', target: '/vault/new' })).toMatchObject({ status: 403 })
    const managed = credentialsOf(
      await assume(arn, ann, { 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' }),
    )
    expect(await read(managed)).toMatchObject({ status: 200 })
    expect(await assume(arn, ann, { Policy: '{}' })).toMatchObject({ status: 400, code: 'MalformedPolicyDocument' })
    const unknown = { 'PolicyArns.member.1.arn': `${ACCOUNT}:policy/none` }
    expect(await assume(arn, ann, unknown)).toMatchObject({ status: 404, code: 'NoSuchEntity' })
  })

  test('lasts as long as was asked, and then is told that it has expired', async () => {
    const arn = await createRole({ name: 'short', allow: 's3:GetObject' })
    const session = credentialsOf(await assume(arn, ann, { DurationSeconds: '900' }))
    clock = 899_000
    // The caller's own clock goes with the server's.
    const later = () => sendWithDate(session, Date.now() + clock)
    expect(await later()).toMatchObject({ status: 200 })
    clock = 901_000
    expect(await later()).toMatchObject({ status: 400, code: 'ExpiredToken' })
    clock = 0
  })

  function sendWithDate(session: Required<SentCredentials>, time: number): Promise<RawAnswer> {
    const date = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
    const headers = { host: `127.0.0.1:${gateway.port}` }
    const token = encodeURIComponent(session.sessionToken)
    const target = presign({
      method: 'GET',
      target: `/vault/gold?X-Amz-Security-Token=${token}`,
      headers,
      credentials: session,
      date,
      expiresSeconds: 60,
    })
    return sendRaw(gateway, { method: 'GET', target, headers, body: Buffer.alloc(0) })
  }

  test('lasts no longer than the role allows, and an hour when one role assumes another', async () => {
    const arn = await createRole({ name: 'hour', trust: trustOf({ AWS: '*' }), allow: 'sts:AssumeRole' })
    for (const seconds of ['899', '43201', '3601']) {
      expect(await assume(arn, ann, { DurationSeconds: seconds })).toMatchObject({ code: 'ValidationError' })
    }
    const long = { MaxSessionDuration: '43200' }
    const twelve = await createRole({ name: 'twelve', trust: trustOf({ AWS: '*' }), parameters: long })
    const answer = await assume(twelve, ann, { DurationSeconds: '43200' })
    const lasts = Date.parse(fieldOf(answer, 'Expiration')) - Date.now()
    expect(Math.round(lasts / HOUR_MS)).toBe(12)
    const chained = credentialsOf(await assume(arn, ann))
    expect(await assume(twelve, chained, { DurationSeconds: '7200' })).toMatchObject({ code: 'ValidationError' })
    expect((await assume(twelve, chained)).status).toBe(200)
  })

  test('is nothing without its own token', async () => {
    const arn = await createRole({ name: 'token', allow: 's3:GetObject' })
    const one = credentialsOf(await assume(arn, ann))
    const two = credentialsOf(await assume(arn, ann))
    const { accessKeyId, secretAccessKey } = one
    expect(await read({ accessKeyId, secretAccessKey })).toMatchObject({ status: 403, code: 'InvalidAccessKeyId' })
    expect(await read({ ...one, sessionToken: two.sessionToken })).toMatchObject({ status: 400, code: 'InvalidToken' })
    expect(await read({ ...one, sessionToken: 'AAAA' })).toMatchObject({ status: 400, code: 'InvalidToken' })
    const bytes = Buffer.from(one.sessionToken, 'base64')
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1
    const sessionToken = bytes.toString('base64')
    expect(await read({ ...one, sessionToken })).toMatchObject({ status: 400, code: 'InvalidToken' })
    expect(await read({ ...ann, sessionToken: one.sessionToken })).toMatchObject({ status: 400, code: 'InvalidToken' })
    expect(await read(one)).toMatchObject({ status: 200 })
    const stolen = { ...one, secretAccessKey: two.secretAccessKey }
    expect(await read(stolen)).toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  test('follows the role: its policies count as they are now, and it ends with the role', async () => {
    const arn = await createRole({ name: 'passing', allow: 's3:GetObject' })
    const session = credentialsOf(await assume(arn, ann))
    expect(await read(session)).toMatchObject({ status: 200 })
    const policy = { RoleName: 'passing', PolicyName: 'allow' }
    expect(await callIam(gateway, { action: 'DeleteRole', parameters: policy })).toMatchObject({
      code: 'DeleteConflict',
    })
    await doIam(gateway, { action: 'DeleteRolePolicy', parameters: policy })
    expect(await read(session)).toMatchObject({ status: 403, code: 'AccessDenied' })
    await doIam(gateway, { action: 'DeleteRole', parameters: policy })
    expect(await read(session)).toMatchObject({ status: 403, code: 'InvalidAccessKeyId' })
    expect(await callIam(gateway, { action: 'GetCallerIdentity', as: session })).toMatchObject({
      status: 403,
      code: 'InvalidClientTokenId',
    })
  })

  test('ends when those that were issued before a moment are denied', async () => {
    const arn = await createRole({ name: 'revoked', allow: 's3:GetObject' })
    const session = credentialsOf(await assume(arn, ann))
    const revoke = async (time: number) => {
      const Condition = { DateLessThan: { 'aws:TokenIssueTime': new Date(time).toISOString() } }
      const document = policyOf({ Effect: 'Deny', Action: '*', Condition })
      const policy = { RoleName: 'revoked', PolicyName: 'AWSRevokeOlderSessions', PolicyDocument: document }
      await doIam(gateway, { action: 'PutRolePolicy', parameters: policy })
    }
    await revoke(Date.now() - HOUR_MS)
    expect(await read(session)).toMatchObject({ status: 200 })
    await revoke(Date.now() + HOUR_MS)
    expect(await read(session)).toMatchObject({ status: 403 })
  })

  test('has a tag of its own in the place of the role’s, whatever the case of its key', async () => {
    const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'red' } } }
    const parameters = { 'Tags.member.1.Key': 'Team', 'Tags.member.1.Value': 'red' }
    const arn = await createRole({ name: 'red', parameters })
    const document = policyOf({ Action: 's3:GetObject', ...condition })
    const policy = { RoleName: 'red', PolicyName: 'red', PolicyDocument: document }
    await doIam(gateway, { action: 'PutRolePolicy', parameters: policy })
    expect(await read(credentialsOf(await assume(arn, ann)))).toMatchObject({ status: 200 })
    const blue = { 'Tags.member.1.Key': 'tEAM', 'Tags.member.1.Value': 'blue' }
    expect(await read(credentialsOf(await assume(arn, ann, blue)))).toMatchObject({ status: 403 })
  })

  test('carries tags, which policies see', async () => {
    const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' } } }
    const arn = await createRole({ name: 'tagged' })
    const document = policyOf({ Action: 's3:GetObject', ...condition })
    const policy = { RoleName: 'tagged', PolicyName: 'p', PolicyDocument: document }
    await doIam(gateway, { action: 'PutRolePolicy', parameters: policy })
    const tag = (value: string) => ({ 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': value })
    expect(await read(credentialsOf(await assume(arn, ann, tag('blue'))))).toMatchObject({ status: 200 })
    expect(await read(credentialsOf(await assume(arn, ann, tag('red'))))).toMatchObject({ status: 403 })
    expect(await read(credentialsOf(await assume(arn, ann)))).toMatchObject({ status: 403 })
    const untrusting = policyOf({ Action: 'sts:AssumeRole', Principal: { AWS: ann.arn } })
    const plain = await createRole({ name: 'untagged', trust: untrusting })
    expect(await assume(plain, ann, tag('blue'))).toMatchObject({ code: 'AccessDenied' })
  })

  test('owns nothing: what it writes belongs to the root user of the role’s namespace', async () => {
    const arn = await createRole({ name: 'writer', trust: trustOf({ AWS: '*' }), allow: 's3:*' })
    const session = credentialsOf(await assume(arn, ann))
    expect((await sendAs(gateway, session, { method: 'PUT', target: '/made-by-role' })).status).toBe(200)
    const { canonicalId } = await getRootObjectUser(gateway.engine.db, { namespaceId: gateway.namespaceIds.acme })
    const acl = await sendSigned(gateway, { method: 'GET', target: '/made-by-role?acl' })
    expect(fieldOf(acl, 'ID')).toBe(canonicalId)
  })

  test('is refused a token that would not fit into a header', async () => {
    const arn = await createRole({ name: 'packed' })
    const parameters: Record<string, string> = {}
    for (let index = 1; index <= 50; index++) {
      parameters[`Tags.member.${index}.Key`] = `${index}`.padEnd(100, 'k')
      parameters[`Tags.member.${index}.Value`] = 'v'.repeat(200)
    }
    expect(await assume(arn, ann, parameters)).toMatchObject({ status: 400, code: 'PackedPolicyTooLarge' })
  })

  test.each([
    ['RoleSessionName', 'a b'],
    ['RoleSessionName', 'a'],
    ['RoleArn', 'short'],
    ['Policy', 'x'.repeat(2049)],
    ['SerialNumber', 'arn:aws:iam::123456789012:mfa/a'],
    ['SourceIdentity', 'somebody'],
  ])('is refused %s=%s', async (name, value) => {
    const arn = `${ACCOUNT}:role/reader`
    const answer = await assume(arn, ann, { [name]: value })
    expect(answer.status).toBe(400)
    expect(['ValidationError', 'InvalidInput']).toContain(answer.code)
  })

  test('is refused to whoever does not sign', async () => {
    const parameters = { RoleArn: `${ACCOUNT}:role/reader`, RoleSessionName: 'work' }
    expect(await callIam(gateway, { action: 'AssumeRole', parameters, as: null })).toMatchObject({
      status: 403,
      code: 'MissingAuthenticationToken',
    })
  })
})

describe('a session of one’s own', () => {
  test('has the rights of its user, but none in IAM', async () => {
    const eve = await createIamUser(gateway, { name: 'eve', allow: ['s3:GetObject', 'iam:*'] })
    expect((await callIam(gateway, { action: 'ListUsers', as: eve })).status).toBe(200)
    const session = credentialsOf(await callIam(gateway, { action: 'GetSessionToken', as: eve }))
    expect(await read(session)).toMatchObject({ status: 200 })
    expect(await callIam(gateway, { action: 'ListUsers', as: session })).toMatchObject({ code: 'AccessDenied' })
    expect(await callIam(gateway, { action: 'GetSessionToken', as: session })).toMatchObject({ code: 'AccessDenied' })
    expect(fieldOf(await doIam(gateway, { action: 'GetCallerIdentity', as: session }), 'Arn')).toBe(eve.arn)
  })

  test('of an object user reaches its own buckets, and of the root all of them', async () => {
    const owner = credentialsOf(await callIam(gateway, { action: 'GetSessionToken', as: 'user' }))
    expect((await sendAs(gateway, owner, { method: 'PUT', target: '/owners-session' })).status).toBe(200)
    expect(await read(owner)).toMatchObject({ status: 403 })
    const root = await callIam(gateway, {
      action: 'GetSessionToken',
      parameters: { DurationSeconds: '43200' },
    })
    expect(await read(credentialsOf(root))).toMatchObject({ status: 200 })
    expect(Date.parse(fieldOf(root, 'Expiration')) - Date.now()).toBeLessThanOrEqual(HOUR_MS)
    const session = credentialsOf(root)
    expect(await callIam(gateway, { action: 'ListUsers', as: session })).toMatchObject({ code: 'AccessDenied' })
  })
})
