import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getRootObjectUser } from '#storage-engine/metadata/accounts.ts'
import { callIam, createIamUser, doIam, fieldOf, policyOf } from '#storage-engine/testing/iam-request.ts'
import { sendAs } from '#storage-engine/testing/sent-credentials.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const ACCOUNT = `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}`

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const create = (name: string, path = '/') =>
  doIam(gateway, { action: 'CreateUser', parameters: { UserName: name, Path: path } })

describe('users', () => {
  test('are told apart without regard to case, and keep their id when they are renamed', async () => {
    const created = await create('Ann', '/staff/')
    expect(fieldOf(created, 'Arn')).toBe(`${ACCOUNT}:user/staff/Ann`)
    expect(fieldOf(created, 'UserId')).toMatch(/^AIDA[A-Z2-7]{26}$/)
    expect(await callIam(gateway, { action: 'CreateUser', parameters: { UserName: 'ann' } })).toMatchObject({
      status: 409,
      code: 'EntityAlreadyExists',
    })
    await doIam(gateway, { action: 'UpdateUser', parameters: { UserName: 'ANN', NewUserName: 'Anna' } })
    const found = await doIam(gateway, { action: 'GetUser', parameters: { UserName: 'anna' } })
    expect([fieldOf(found, 'Arn'), fieldOf(found, 'UserId')]).toEqual([
      `${ACCOUNT}:user/staff/Anna`,
      fieldOf(created, 'UserId'),
    ])
    expect(await callIam(gateway, { action: 'GetUser', parameters: { UserName: 'Ann' } })).toMatchObject({
      status: 404,
    })
  })

  test('cannot go by the canonical id of an object user, by which policies name that', async () => {
    const { canonicalId } = await getRootObjectUser(gateway.engine.db, { namespaceId: gateway.namespaceIds.acme })
    await create('plain')
    for (const name of [canonicalId, canonicalId.toUpperCase()]) {
      const refused = { status: 409, code: 'EntityAlreadyExists' }
      expect(await callIam(gateway, { action: 'CreateUser', parameters: { UserName: name } })).toMatchObject(refused)
      const parameters = { UserName: 'plain', NewUserName: name }
      expect(await callIam(gateway, { action: 'UpdateUser', parameters })).toMatchObject(refused)
    }
  })

  test('are listed by name, a page at a time, below a path', async () => {
    for (const name of ['zoe', 'Yan', 'xia']) await create(name, '/list/')
    const names: string[] = []
    let marker = ''
    do {
      const parameters = { PathPrefix: '/list/', MaxItems: '2', ...(marker === '' ? {} : { Marker: marker }) }
      const page = await doIam(gateway, { action: 'ListUsers', parameters })
      names.push(...[...page.text.matchAll(/<UserName>(\w+)</g)].map(([, name]) => name as string))
      marker = fieldOf(page, 'Marker')
    } while (marker !== '')
    expect(names).toEqual(['xia', 'Yan', 'zoe'])
  })

  test('of another namespace are neither seen nor touched', async () => {
    await create('mine')
    for (const action of ['GetUser', 'DeleteUser', 'CreateAccessKey']) {
      const parameters = { UserName: 'mine' }
      expect(await callIam(gateway, { action, parameters, as: 'neighbour' })).toMatchObject({ code: 'NoSuchEntity' })
    }
    expect((await doIam(gateway, { action: 'ListUsers', as: 'neighbour' })).text).not.toContain('mine')
  })

  test('are not deleted while keys or policies hang on them; their memberships end with them', async () => {
    await create('busy')
    const key = await doIam(gateway, { action: 'CreateAccessKey', parameters: { UserName: 'busy' } })
    const remove = () => callIam(gateway, { action: 'DeleteUser', parameters: { UserName: 'busy' } })
    expect(await remove()).toMatchObject({ status: 409, code: 'DeleteConflict' })
    const parameters = { UserName: 'busy', AccessKeyId: fieldOf(key, 'AccessKeyId') }
    await doIam(gateway, { action: 'DeleteAccessKey', parameters })
    const inline = { UserName: 'busy', PolicyName: 'p' }
    const document = { PolicyDocument: policyOf({ Action: 's3:*' }) }
    await doIam(gateway, { action: 'PutUserPolicy', parameters: { ...inline, ...document } })
    expect(await remove()).toMatchObject({ code: 'DeleteConflict' })
    await doIam(gateway, { action: 'DeleteUserPolicy', parameters: inline })
    await doIam(gateway, { action: 'CreateGroup', parameters: { GroupName: 'busy' } })
    await doIam(gateway, { action: 'AddUserToGroup', parameters: { UserName: 'busy', GroupName: 'busy' } })
    expect((await remove()).status).toBe(200)
    const group = await doIam(gateway, { action: 'GetGroup', parameters: { GroupName: 'busy' } })
    expect(group.text).not.toContain('<UserName>')
  })

  test('move only by a right on where they go, too', async () => {
    const mover = await createIamUser(gateway, { name: 'mover' })
    const document = policyOf({ Action: 'iam:UpdateUser', Resource: `${ACCOUNT}:user/low/*` })
    const policy = { UserName: 'mover', PolicyName: 'p', PolicyDocument: document }
    await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
    await create('pawn', '/low/')
    const move = (NewPath: string) =>
      callIam(gateway, { action: 'UpdateUser', parameters: { UserName: 'pawn', NewPath }, as: mover })
    expect(await move('/high/')).toMatchObject({ code: 'AccessDenied' })
    expect((await move('/low/er/')).status).toBe(200)
  })

  test('have no permissions boundary, and are not made as if they had', async () => {
    const parameters = { UserName: 'bound', PermissionsBoundary: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' }
    expect(await callIam(gateway, { action: 'CreateUser', parameters })).toMatchObject({ code: 'InvalidInput' })
    expect(await callIam(gateway, { action: 'GetUser', parameters: { UserName: 'bound' } })).toMatchObject({
      status: 404,
    })
  })
})

describe('access keys', () => {
  test('are at most two, sign at once, and end at once', async () => {
    const { accessKeyId, secretAccessKey } = await createIamUser(gateway, {
      name: 'keys',
      allow: 's3:ListAllMyBuckets',
    })
    const list = () => sendAs(gateway, { accessKeyId, secretAccessKey }, { method: 'GET', target: '/' })
    expect((await list()).status).toBe(200)
    await doIam(gateway, { action: 'CreateAccessKey', parameters: { UserName: 'keys' } })
    expect(await callIam(gateway, { action: 'CreateAccessKey', parameters: { UserName: 'keys' } })).toMatchObject({
      status: 409,
      code: 'LimitExceeded',
    })
    const own = { UserName: 'keys', AccessKeyId: accessKeyId }
    await doIam(gateway, { action: 'UpdateAccessKey', parameters: { ...own, Status: 'Inactive' } })
    expect(await list()).toMatchObject({ code: 'InvalidAccessKeyId' })
    await doIam(gateway, { action: 'UpdateAccessKey', parameters: { ...own, Status: 'Active' } })
    expect((await list()).status).toBe(200)
    await doIam(gateway, { action: 'DeleteAccessKey', parameters: own })
    expect(await list()).toMatchObject({ code: 'InvalidAccessKeyId' })
  })

  test('of somebody else are not reached by a name that fits', async () => {
    const ann = await createIamUser(gateway, { name: 'key-ann' })
    await create('key-bob')
    const parameters = { UserName: 'key-bob', AccessKeyId: ann.accessKeyId }
    expect(await callIam(gateway, { action: 'DeleteAccessKey', parameters })).toMatchObject({ code: 'NoSuchEntity' })
    expect((await callIam(gateway, { action: 'GetCallerIdentity', as: ann })).status).toBe(200)
  })

  test('without a name are the own ones, by a right on oneself', async () => {
    const self = await createIamUser(gateway, { name: 'self', allow: 'iam:CreateAccessKey' })
    expect(fieldOf(await doIam(gateway, { action: 'CreateAccessKey', as: self }), 'UserName')).toBe('self')
    const root = await doIam(gateway, { action: 'CreateAccessKey' })
    expect(root.text).not.toContain('<UserName>')
    const rootKey = { accessKeyId: fieldOf(root, 'AccessKeyId'), secretAccessKey: fieldOf(root, 'SecretAccessKey') }
    const identity = await doIam(gateway, { action: 'GetCallerIdentity', as: rootKey })
    expect(fieldOf(identity, 'Arn')).toBe(`${ACCOUNT}:root`)
  })
})

describe('object users', () => {
  const canonicalIdOf = async () => {
    const identity = await doIam(gateway, { action: 'GetCallerIdentity', as: 'user' })
    return fieldOf(identity, 'UserId')
  }

  test('go by their canonical id, and obey the policies they are given', async () => {
    const name = await canonicalIdOf()
    await doIam(gateway, {
      action: 'PutUserPolicy',
      parameters: {
        UserName: name,
        PolicyName: 'deny',
        PolicyDocument: policyOf({ Effect: 'Deny', Action: 's3:CreateBucket' }),
      },
    })
    const put = () => sendAs(gateway, gateway.credentials.user, { method: 'PUT', target: '/object-users-own' })
    expect(await put()).toMatchObject({ status: 403, code: 'AccessDenied' })
    await doIam(gateway, { action: 'DeleteUserPolicy', parameters: { UserName: name, PolicyName: 'deny' } })
    expect((await put()).status).toBe(200)
  })

  test('are not changed or deleted by IAM, and hold no managed policies', async () => {
    const parameters = { UserName: await canonicalIdOf(), PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
    for (const action of ['DeleteUser', 'UpdateUser', 'AttachUserPolicy', 'TagUser']) {
      expect(await callIam(gateway, { action, parameters })).toMatchObject({ code: 'NoSuchEntity' })
    }
  })

  test('of the root go by no name, so that nobody else gets a key of theirs', async () => {
    const all = await createIamUser(gateway, { name: 'all', allow: '*' })
    const { canonicalId } = await getRootObjectUser(gateway.engine.db, { namespaceId: gateway.namespaceIds.acme })
    for (const action of ['CreateAccessKey', 'GetUser', 'ListAccessKeys', 'ListUserPolicies']) {
      const parameters = { UserName: canonicalId }
      expect(await callIam(gateway, { action, parameters, as: all })).toMatchObject({ code: 'NoSuchEntity' })
    }
  })
})

test('the account summary counts what there is', async () => {
  const summaryOf = async (as: 'root' | 'neighbour') => {
    const { text } = await doIam(gateway, { action: 'GetAccountSummary', as })
    const entries = [...text.matchAll(/<key>(\w+)<\/key><value>(\d+)</g)]
    return Object.fromEntries(entries.map(([, key, value]) => [key as string, Number(value)]))
  }
  const before = await summaryOf('neighbour')
  expect(before).toMatchObject({ Users: 0, Groups: 0, UsersQuota: 5000, AccountAccessKeysPresent: 1 })
  await doIam(gateway, { action: 'CreateUser', parameters: { UserName: 'counted' }, as: 'neighbour' })
  expect(await summaryOf('neighbour')).toEqual({ ...before, Users: 1 })
})
