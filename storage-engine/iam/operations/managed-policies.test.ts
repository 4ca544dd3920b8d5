import { afterAll, beforeAll, expect, test } from 'vitest'
import { callIam, createIamUser, doIam, fieldOf, policyOf } from '#storage-engine/testing/iam-request.ts'
import { sendAs } from '#storage-engine/testing/sent-credentials.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const ACCOUNT = `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}`
const GET = policyOf({ Action: 's3:GetObject' })
const LIST = policyOf({ Action: 's3:ListBucket' })

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/shelf' })
  await sendSigned(gateway, { method: 'PUT', target: '/shelf/book', body: 'words' })
})
afterAll(() => gateway.stop())

async function createPolicy(name: string, document: string): Promise<string> {
  const parameters = { PolicyName: name, PolicyDocument: document }
  return fieldOf(await doIam(gateway, { action: 'CreatePolicy', parameters }), 'Arn')
}

test('a policy acts the moment it is attached to a user or its group, and no longer than that', async () => {
  const ann = await createIamUser(gateway, { name: 'ann' })
  const read = () => sendAs(gateway, ann, { method: 'GET', target: '/shelf/book' })
  const arn = await createPolicy('reader', GET)
  expect(await read()).toMatchObject({ status: 403 })
  await doIam(gateway, { action: 'AttachUserPolicy', parameters: { UserName: 'ann', PolicyArn: arn } })
  expect(await read()).toMatchObject({ status: 200, text: 'words' })
  await doIam(gateway, { action: 'DetachUserPolicy', parameters: { UserName: 'ann', PolicyArn: arn } })
  expect(await read()).toMatchObject({ status: 403 })
  await doIam(gateway, { action: 'CreateGroup', parameters: { GroupName: 'readers' } })
  await doIam(gateway, { action: 'AttachGroupPolicy', parameters: { GroupName: 'readers', PolicyArn: arn } })
  await doIam(gateway, { action: 'AddUserToGroup', parameters: { GroupName: 'readers', UserName: 'ann' } })
  expect(await read()).toMatchObject({ status: 200 })
  const deny = { UserName: 'ann', PolicyName: 'deny', PolicyDocument: policyOf({ Effect: 'Deny', Action: 's3:Get*' }) }
  await doIam(gateway, { action: 'PutUserPolicy', parameters: deny })
  expect(await read()).toMatchObject({ status: 403 })
})

test('the default version is the one that acts', async () => {
  const bob = await createIamUser(gateway, { name: 'bob' })
  const read = () => sendAs(gateway, bob, { method: 'GET', target: '/shelf/book' })
  const arn = await createPolicy('versions', LIST)
  await doIam(gateway, { action: 'AttachUserPolicy', parameters: { UserName: 'bob', PolicyArn: arn } })
  const next = { PolicyArn: arn, PolicyDocument: GET }
  await doIam(gateway, { action: 'CreatePolicyVersion', parameters: next })
  expect(await read()).toMatchObject({ status: 403 })
  const second = { PolicyArn: arn, VersionId: 'v2' }
  await doIam(gateway, { action: 'SetDefaultPolicyVersion', parameters: second })
  expect(await read()).toMatchObject({ status: 200 })
  expect(await callIam(gateway, { action: 'DeletePolicyVersion', parameters: second })).toMatchObject({
    status: 409,
    code: 'DeleteConflict',
  })
  const shown = await doIam(gateway, { action: 'GetPolicyVersion', parameters: second })
  expect(decodeURIComponent(fieldOf(shown, 'Document'))).toBe(GET)
  for (let version = 3; version <= 5; version++)
    await doIam(gateway, { action: 'CreatePolicyVersion', parameters: next })
  expect(await callIam(gateway, { action: 'CreatePolicyVersion', parameters: next })).toMatchObject({
    status: 409,
    code: 'LimitExceeded',
  })
})

test('a policy is deleted only when it is attached nowhere and has one version', async () => {
  const arn = await createPolicy('bound', GET)
  const remove = () => callIam(gateway, { action: 'DeletePolicy', parameters: { PolicyArn: arn } })
  await doIam(gateway, { action: 'CreateGroup', parameters: { GroupName: 'bound' } })
  const attached = { GroupName: 'bound', PolicyArn: arn }
  await doIam(gateway, { action: 'AttachGroupPolicy', parameters: attached })
  const holders = await doIam(gateway, { action: 'ListEntitiesForPolicy', parameters: { PolicyArn: arn } })
  expect(holders.text).toContain('<PolicyGroups><member><GroupName>bound</GroupName>')
  expect(await remove()).toMatchObject({ code: 'DeleteConflict' })
  await doIam(gateway, { action: 'DetachGroupPolicy', parameters: attached })
  await doIam(gateway, { action: 'CreatePolicyVersion', parameters: { PolicyArn: arn, PolicyDocument: LIST } })
  expect(await remove()).toMatchObject({ code: 'DeleteConflict' })
  await doIam(gateway, { action: 'DeletePolicyVersion', parameters: { PolicyArn: arn, VersionId: 'v2' } })
  expect((await remove()).status).toBe(200)
})

test('what every namespace has is shown, and nobody changes it', async () => {
  const arn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
  const shown = await doIam(gateway, { action: 'GetPolicyVersion', parameters: { PolicyArn: arn, VersionId: 'v1' } })
  expect(decodeURIComponent(fieldOf(shown, 'Document'))).toContain('s3:Get*')
  expect((await doIam(gateway, { action: 'ListPolicies', parameters: { Scope: 'AWS' } })).text).toContain(arn)
  for (const action of ['DeletePolicy', 'CreatePolicyVersion']) {
    const parameters = { PolicyArn: arn, PolicyDocument: GET }
    expect(await callIam(gateway, { action, parameters })).toMatchObject({ code: 'NoSuchEntity' })
  }
})

test('policies have greatest sizes, and holders a greatest number of them', async () => {
  await doIam(gateway, { action: 'CreateUser', parameters: { UserName: 'full' } })
  const long = (length: number) => policyOf({ Sid: 'x'.repeat(length), Action: 's3:GetObject' })
  const inline = (name: string, document: string) =>
    callIam(gateway, {
      action: 'PutUserPolicy',
      parameters: { UserName: 'full', PolicyName: name, PolicyDocument: document },
    })
  expect((await inline('one', long(1000))).status).toBe(200)
  // Together they are longer than 2,048; in the place of the first it is not.
  expect(await inline('two', long(1000))).toMatchObject({ status: 409, code: 'LimitExceeded' })
  expect((await inline('one', long(1500))).status).toBe(200)
  // Space between the parts is free; between quotes it is content, with which each request is compared.
  expect((await inline('one', long(1500).replaceAll(',', `,${' '.repeat(3000)}`))).status).toBe(200)
  const spaced = policyOf({ Resource: `arn:aws:s3:::b/\${aws:username}${' '.repeat(3000)}`, Action: 's3:GetObject' })
  expect(await inline('one', spaced)).toMatchObject({ status: 409, code: 'LimitExceeded' })
  const parameters = { PolicyName: 'long', PolicyDocument: long(6100) }
  expect(await callIam(gateway, { action: 'CreatePolicy', parameters })).toMatchObject({ code: 'LimitExceeded' })
  for (let count = 0; count <= 10; count++) {
    const arn = await createPolicy(`many-${count}`, GET)
    const attached = await callIam(gateway, {
      action: 'AttachUserPolicy',
      parameters: { UserName: 'full', PolicyArn: arn },
    })
    expect(attached.status).toBe(count < 10 ? 200 : 409)
  }
})

test('a right to attach may be one to attach certain policies', async () => {
  const arn = await createPolicy('harmless', GET)
  const carl = await createIamUser(gateway, { name: 'carl' })
  const document = policyOf({ Action: 'iam:AttachUserPolicy', Condition: { ArnEquals: { 'iam:PolicyARN': arn } } })
  const policy = { UserName: 'carl', PolicyName: 'p', PolicyDocument: document }
  await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
  const attach = (PolicyArn: string) =>
    callIam(gateway, { action: 'AttachUserPolicy', parameters: { UserName: 'carl', PolicyArn }, as: carl })
  expect(await attach('arn:aws:iam::aws:policy/AdministratorAccess')).toMatchObject({ code: 'AccessDenied' })
  expect((await attach(arn)).status).toBe(200)
})

test('the policy of another namespace is not there', async () => {
  const arn = await createPolicy('private', GET)
  for (const action of ['GetPolicy', 'DeletePolicy', 'ListPolicyVersions']) {
    const parameters = { PolicyArn: arn }
    expect(await callIam(gateway, { action, parameters, as: 'neighbour' })).toMatchObject({ code: 'NoSuchEntity' })
    const moved = { PolicyArn: arn.replace(ACCOUNT, `arn:aws:iam::${TEST_ACCOUNT_IDS.globex}`) }
    expect(await callIam(gateway, { action, parameters: moved, as: 'neighbour' })).toMatchObject({
      code: 'NoSuchEntity',
    })
  }
})

test('no other spelling of a policy gets around a denial', async () => {
  const arn = await createPolicy('Powerful', policyOf({ Action: '*' }))
  const dora = await createIamUser(gateway, { name: 'dora', allow: 'iam:*' })
  const deny = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Action: 'iam:Attach*', Resource: '*', Condition: { ArnEquals: { 'iam:PolicyARN': arn } } },
      { Effect: 'Deny', Action: 'iam:DeletePolicy', Resource: arn },
    ],
  }
  const policy = { UserName: 'dora', PolicyName: 'deny', PolicyDocument: JSON.stringify(deny) }
  await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
  const spellings = [arn, arn.replace(TEST_ACCOUNT_IDS.acme, ''), arn.replace('Powerful', 'powerful')]
  for (const PolicyArn of spellings) {
    for (const action of ['AttachUserPolicy', 'DeletePolicy']) {
      const answer = await callIam(gateway, { action, parameters: { UserName: 'dora', PolicyArn }, as: dora })
      expect(['AccessDenied', 'NoSuchEntity']).toContain(answer.code)
    }
  }
  const attached = await doIam(gateway, { action: 'ListAttachedUserPolicies', parameters: { UserName: 'dora' } })
  expect(attached.text).not.toContain('owerful')
})

test('tags of what is made, and of what is there, are seen by conditions', async () => {
  const finn = await createIamUser(gateway, { name: 'finn', allow: 'iam:*' })
  const deny = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: ['iam:CreateUser', 'iam:CreatePolicy', 'iam:CreateRole'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:RequestTag/rank': 'high' } },
      },
      {
        Effect: 'Deny',
        Action: ['iam:Delete*', 'iam:Untag*'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/rank': 'high' } },
      },
    ],
  }
  const policy = { UserName: 'finn', PolicyName: 'deny', PolicyDocument: JSON.stringify(deny) }
  await doIam(gateway, { action: 'PutUserPolicy', parameters: policy })
  const high = { 'Tags.member.1.Key': 'Rank', 'Tags.member.1.Value': 'high' }
  const made = { UserName: 'made', PolicyName: 'made', PolicyDocument: GET, ...high }
  for (const action of ['CreateUser', 'CreatePolicy']) {
    expect(await callIam(gateway, { action, parameters: made, as: finn })).toMatchObject({ code: 'AccessDenied' })
    await doIam(gateway, { action, parameters: made })
  }
  const there = { UserName: 'made', PolicyArn: `${ACCOUNT}:policy/made`, 'TagKeys.member.1': 'rank' }
  for (const action of ['DeleteUser', 'DeletePolicy', 'UntagUser', 'UntagPolicy']) {
    expect(await callIam(gateway, { action, parameters: there, as: finn })).toMatchObject({ code: 'AccessDenied' })
  }
})
