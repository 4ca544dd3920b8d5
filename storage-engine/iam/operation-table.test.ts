import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS } from '#storage-engine/iam/operation-table.ts'
import { callIam, doIam, policyOf } from '#storage-engine/testing/iam-request.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

type Parameters = Record<string, string>

interface Example {
  /** Brings about what the operation needs; `name` is new for each. */
  prepare?: (name: string) => [action: string, parameters: Parameters][]
  valid: (name: string) => Parameters
  /** Breaks a rule of the input. */
  bad: (name: string) => Parameters
  badCode?: string
  /** Names what is not there. */
  missing?: (name: string) => Parameters
  /** No right is needed for it. */
  isFree?: true
}

const POLICY = policyOf({ Action: 's3:GetObject' })
const TRUST = policyOf({ Action: 'sts:AssumeRole', Principal: { AWS: '*' } })
const LONG = 'x'.repeat(200)
const S3_POLICY = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
const ACCOUNT_ID = TEST_ACCOUNT_IDS.acme
const policyArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:policy/${name}`
const providerArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:oidc-provider/${name}.example`

const user = (name: string): [string, Parameters] => ['CreateUser', { UserName: name }]
const group = (name: string): [string, Parameters] => ['CreateGroup', { GroupName: name }]
const role = (name: string): [string, Parameters] => ['CreateRole', { RoleName: name, AssumeRolePolicyDocument: TRUST }]
const policy = (name: string): [string, Parameters] => ['CreatePolicy', { PolicyName: name, PolicyDocument: POLICY }]
const version = (name: string): [string, Parameters] => [
  'CreatePolicyVersion',
  { PolicyArn: policyArn(name), PolicyDocument: POLICY },
]
const provider = (name: string): [string, Parameters] => [
  'CreateOpenIDConnectProvider',
  { Url: `https://${name}.example`, 'ClientIDList.member.1': 'one' },
]
const NOUNS = { User: user, Group: group, Role: role } as const

const PAGE_TOO_LONG = () => ({ MaxItems: '1001' })
const EXAMPLES: Record<string, Example> = {
  CreateUser: { valid: (name) => ({ UserName: name, Path: '/a/' }), bad: (name) => ({ UserName: name, Path: 'a' }) },
  GetUser: byUser({}),
  ListUsers: { valid: () => ({}), bad: PAGE_TOO_LONG },
  UpdateUser: byUser({ NewPath: '/b/' }, { NewUserName: 'a b' }),
  DeleteUser: byUser({}),
  CreateAccessKey: byUser({}),
  ListAccessKeys: byUser({}),
  UpdateAccessKey: {
    prepare: (name) => [user(name)],
    valid: (name) => ({ UserName: name, AccessKeyId: 'OWN', Status: 'Inactive' }),
    bad: (name) => ({ UserName: name, AccessKeyId: 'OWN', Status: 'Asleep' }),
    missing: (name) => ({ UserName: name, AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA', Status: 'Active' }),
  },
  DeleteAccessKey: {
    prepare: (name) => [user(name)],
    valid: (name) => ({ UserName: name, AccessKeyId: 'OWN' }),
    bad: (name) => ({ UserName: name, AccessKeyId: 'short' }),
    missing: (name) => ({ UserName: name, AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }),
  },
  GetAccessKeyLastUsed: {
    prepare: (name) => [user(name)],
    valid: () => ({ AccessKeyId: 'OWN' }),
    bad: () => ({ AccessKeyId: 'short' }),
    missing: () => ({ AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }),
  },
  CreateGroup: { valid: (name) => ({ GroupName: name }), bad: () => ({ GroupName: LONG }) },
  GetGroup: byGroup({}),
  ListGroups: { valid: () => ({ PathPrefix: '/x' }), bad: () => ({ PathPrefix: 'x' }) },
  UpdateGroup: byGroup({ NewPath: '/b/' }, { NewPath: 'b' }),
  DeleteGroup: byGroup({}),
  AddUserToGroup: inGroup([]),
  RemoveUserFromGroup: inGroup(['AddUserToGroup']),
  ListGroupsForUser: byUser({}),
  CreateRole: {
    valid: (name) => ({ RoleName: name, AssumeRolePolicyDocument: TRUST }),
    bad: (name) => ({ RoleName: name, AssumeRolePolicyDocument: POLICY }),
    badCode: 'MalformedPolicyDocument',
  },
  GetRole: byRole({}),
  ListRoles: { valid: () => ({}), bad: PAGE_TOO_LONG },
  UpdateRole: byRole({ MaxSessionDuration: '7200' }, { MaxSessionDuration: '60' }),
  UpdateRoleDescription: byRole({ Description: 'why' }, { Description: 'x'.repeat(1001) }),
  UpdateAssumeRolePolicy: byRole({ PolicyDocument: TRUST }, { PolicyDocument: '{' }, 'MalformedPolicyDocument'),
  DeleteRole: byRole({}),
  CreatePolicy: {
    valid: (name) => ({ PolicyName: name, PolicyDocument: POLICY }),
    bad: (name) => ({ PolicyName: name, PolicyDocument: '[]' }),
    badCode: 'MalformedPolicyDocument',
  },
  GetPolicy: byPolicy({}),
  ListPolicies: { valid: () => ({ Scope: 'Local' }), bad: () => ({ Scope: 'Mine' }) },
  DeletePolicy: byPolicy({}),
  CreatePolicyVersion: byPolicy({ PolicyDocument: POLICY }, { PolicyDocument: POLICY, SetAsDefault: 'yes' }),
  GetPolicyVersion: byPolicy({ VersionId: 'v1' }, { VersionId: '1' }),
  ListPolicyVersions: byPolicy({}),
  SetDefaultPolicyVersion: byPolicy({ VersionId: 'v1' }, { VersionId: '1' }),
  DeletePolicyVersion: {
    ...byPolicy({}, { VersionId: '2' }),
    prepare: (name) => [policy(name), version(name)],
    valid: (name) => ({ PolicyArn: policyArn(name), VersionId: 'v2' }),
  },
  ListEntitiesForPolicy: byPolicy({}, { EntityFilter: 'Bucket' }),
  CreateOpenIDConnectProvider: {
    valid: (name) => ({ Url: `https://${name}.example` }),
    bad: () => ({ Url: 'ftp://x y' }),
  },
  GetOpenIDConnectProvider: byProvider({}),
  ListOpenIDConnectProviders: {
    valid: () => ({}),
    bad: () => ({ Action: 'ListOpenIDConnectProvider' }),
    badCode: 'InvalidAction',
  },
  DeleteOpenIDConnectProvider: byProvider({}),
  AddClientIDToOpenIDConnectProvider: byProvider({ ClientID: 'two' }, { ClientID: 'x'.repeat(256) }),
  RemoveClientIDFromOpenIDConnectProvider: byProvider({ ClientID: 'one' }, { ClientID: '' }),
  UpdateOpenIDConnectProviderThumbprint: byProvider(
    { 'ThumbprintList.member.1': 'a'.repeat(40) },
    { 'ThumbprintList.member.1': 'a' },
  ),
  GetAccountSummary: { valid: () => ({}), bad: () => ({ Version: '2011-06-15' }), badCode: 'InvalidAction' },
  ListAccountAliases: { valid: () => ({}), bad: () => ({ Version: '2011-06-15' }), badCode: 'InvalidAction' },
  GetCallerIdentity: {
    valid: () => ({}),
    bad: () => ({ Version: '2010-05-08' }),
    badCode: 'InvalidAction',
    isFree: true,
  },
  GetSessionToken: { valid: () => ({}), bad: () => ({ DurationSeconds: '60' }), isFree: true },
  GetAccessKeyInfo: {
    prepare: (name) => [user(name)],
    valid: () => ({ AccessKeyId: 'OWN' }),
    bad: () => ({ AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }),
  },
  ...Object.fromEntries(Object.keys(NOUNS).flatMap((noun) => policyExamples(noun as keyof typeof NOUNS))),
  ...Object.fromEntries((['User', 'Role', 'Policy'] as const).flatMap(tagExamples)),
}

function byUser(valid: Parameters, bad: Parameters = { UserName: 'a b' }): Example {
  return byName('UserName', user, { valid, bad })
}

function byGroup(valid: Parameters, bad: Parameters = { GroupName: 'a b' }): Example {
  return byName('GroupName', group, { valid, bad })
}

function byRole(valid: Parameters, bad: Parameters = { RoleName: 'a b' }, badCode?: string): Example {
  return { ...byName('RoleName', role, { valid, bad }), ...(badCode === undefined ? {} : { badCode }) }
}

function byName(
  field: string,
  create: (name: string) => [string, Parameters],
  { valid, bad }: { valid: Parameters; bad: Parameters },
): Example {
  return {
    prepare: (name) => [create(name)],
    valid: (name) => ({ [field]: name, ...valid }),
    bad: (name) => ({ [field]: name, ...valid, ...bad }),
    missing: () => ({ [field]: 'nobody', ...valid }),
  }
}

function byPolicy(valid: Parameters, bad: Parameters = { PolicyArn: 'short' }): Example {
  return {
    prepare: (name) => [policy(name)],
    valid: (name) => ({ PolicyArn: policyArn(name), ...valid }),
    bad: (name) => ({ PolicyArn: policyArn(name), ...bad }),
    missing: () => ({ PolicyArn: policyArn('none'), VersionId: 'v1', ...valid }),
  }
}

function byProvider(valid: Parameters, bad: Parameters = { OpenIDConnectProviderArn: 'short' }): Example {
  return {
    prepare: (name) => [provider(name)],
    valid: (name) => ({ OpenIDConnectProviderArn: providerArn(name), ...valid }),
    bad: (name) => ({ OpenIDConnectProviderArn: providerArn(name), ...bad }),
    missing: () => ({ OpenIDConnectProviderArn: providerArn('none'), ...valid }),
  }
}

function inGroup(before: string[]): Example {
  return {
    prepare: (name) => [
      user(name),
      group(name),
      ...before.map((action): [string, Parameters] => [action, { UserName: name, GroupName: name }]),
    ],
    valid: (name) => ({ UserName: name, GroupName: name }),
    bad: (name) => ({ UserName: 'a b', GroupName: name }),
    missing: (name) => ({ UserName: 'nobody', GroupName: name }),
  }
}

function policyExamples(noun: keyof typeof NOUNS): [string, Example][] {
  const create = NOUNS[noun]
  const field = `${noun}Name`
  const inline = (name: string) => ({ [field]: name, PolicyName: 'p', PolicyDocument: POLICY })
  const attached = (name: string) => ({ [field]: name, PolicyArn: S3_POLICY })
  const put = (name: string): [string, Parameters] => [`Put${noun}Policy`, inline(name)]
  const attach = (name: string): [string, Parameters] => [`Attach${noun}Policy`, attached(name)]
  const named = {
    prepare: (name: string) => [create(name), put(name)],
    valid: (name: string) => ({ [field]: name, PolicyName: 'p' }),
    bad: (name: string) => ({ [field]: name, PolicyName: LONG }),
    missing: (name: string) => ({ [field]: name, PolicyName: 'q' }),
  }
  return [
    [
      `Put${noun}Policy`,
      {
        prepare: (name) => [create(name)],
        valid: inline,
        bad: (name) => ({ ...inline(name), PolicyDocument: TRUST }),
        badCode: 'MalformedPolicyDocument',
        missing: () => inline('nobody'),
      },
    ],
    [`Get${noun}Policy`, named],
    [`Delete${noun}Policy`, named],
    [`List${noun}Policies`, byName(field, create, { valid: {}, bad: { MaxItems: '0' } })],
    [
      `Attach${noun}Policy`,
      {
        prepare: (name) => [create(name)],
        valid: attached,
        bad: (name) => ({ [field]: name, PolicyArn: 'short' }),
        missing: (name) => ({ [field]: name, PolicyArn: policyArn('none') }),
      },
    ],
    [
      `Detach${noun}Policy`,
      {
        prepare: (name) => [create(name), attach(name)],
        valid: attached,
        bad: (name) => ({ [field]: name }),
        missing: (name) => ({ [field]: name, PolicyArn: 'arn:aws:iam::aws:policy/IAMFullAccess' }),
      },
    ],
    [`ListAttached${noun}Policies`, byName(field, create, { valid: {}, bad: { PathPrefix: 'x' } })],
  ]
}

function tagExamples(noun: 'User' | 'Role' | 'Policy'): [string, Example][] {
  const byNoun = noun === 'User' ? byUser : noun === 'Role' ? byRole : byPolicy
  const tag = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'storage' }
  return [
    [`Tag${noun}`, byNoun(tag, { 'Tags.member.1.Key': 'x'.repeat(129) })],
    [`Untag${noun}`, byNoun({ 'TagKeys.member.1': 'team' }, { 'TagKeys.member.1': '' })],
    [`List${noun}Tags`, byNoun({})],
  ]
}

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

/** What an operation needs, with the id of the key that it is about in the place of OWN. */
async function prepared(name: string, example: Example): Promise<(parameters: Parameters) => Parameters> {
  for (const [action, parameters] of example.prepare?.(name) ?? []) await doIam(gateway, { action, parameters })
  const needsKey = Object.values(example.valid(name)).includes('OWN')
  if (!needsKey) return (parameters) => parameters
  const { text } = await doIam(gateway, { action: 'CreateAccessKey', parameters: { UserName: name } })
  const id = /<AccessKeyId>(\w+)</.exec(text)?.[1] as string
  return (parameters) => (parameters['AccessKeyId'] === 'OWN' ? { ...parameters, AccessKeyId: id } : parameters)
}

const OPERATIONS = APIS.flatMap(({ operations }) => operations.map(({ name }) => name)).filter(
  // Its own file tests it: it is about a role that must trust the caller.
  (name) => name !== 'AssumeRole',
)

test('every operation has an example', () => {
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(OPERATIONS.toSorted())
})

test('docs/iam.md names every operation, and no other', () => {
  const page = fs.readFileSync('docs/iam.md', 'utf8')
  const list = page.slice(page.indexOf('## Operations'), page.indexOf('## Rights'))
  const named = list.match(
    /\b(?:Add|Assume|Attach|Create|Delete|Detach|Get|List|Put|Remove|Set|Tag|Untag|Update)[A-Z]\w+/g,
  )
  const all = APIS.flatMap(({ operations }) => operations.map(({ name }) => name))
  expect(named?.toSorted()).toEqual(all.toSorted())
})

describe.each(OPERATIONS)('%s', (action) => {
  const example = EXAMPLES[action] as Example

  test('does it for the root user, in the XML namespace of its API', async () => {
    const fill = await prepared(`good-${action}`, example)
    const { status, text, headers } = await callIam(gateway, {
      action,
      parameters: fill(example.valid(`good-${action}`)),
    })
    expect({ status, text }).toMatchObject({ status: 200 })
    const api = APIS.find(({ operations }) => operations.some(({ name }) => name === action))
    expect(text).toContain(`<${action}Response xmlns="${api?.xmlNamespace}">`)
    expect(text).toContain(`<RequestId>${headers['x-amzn-requestid']}</RequestId>`)
  })

  test('refuses bad input', async () => {
    const fill = await prepared(`bad-${action}`, example)
    const answer = await callIam(gateway, { action, parameters: fill(example.bad(`bad-${action}`)) })
    expect(answer).toMatchObject({ status: 400, code: example.badCode ?? 'ValidationError' })
  })

  test('refuses whoever does not sign', async () => {
    const parameters = example.valid(`any-${action}`)
    expect(await callIam(gateway, { action, parameters, as: null })).toMatchObject({
      status: 403,
      code: 'MissingAuthenticationToken',
    })
  })

  test('refuses a forged signature', async () => {
    const as = { ...gateway.credentials.root, secretAccessKey: gateway.credentials.user.secretAccessKey }
    const answer = await callIam(gateway, { action, parameters: example.valid(`forged-${action}`), as })
    expect(answer).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  })

  test.skipIf(example.isFree === true)('refuses a user without the right, and changes nothing', async () => {
    const name = `not-${action}`
    const fill = await prepared(name, example)
    const parameters = fill(example.valid(name))
    const refused = await callIam(gateway, { action, parameters, as: 'account' })
    expect(refused).toMatchObject({ status: 403, code: 'AccessDenied' })
    // What was refused can still be done, so it was not done in part.
    expect((await callIam(gateway, { action, parameters })).status).toBe(200)
  })

  test.skipIf(example.missing === undefined)('says that it is not there', async () => {
    const fill = await prepared(`gone-${action}`, example)
    const parameters = fill((example.missing as (name: string) => Parameters)(`gone-${action}`))
    expect(await callIam(gateway, { action, parameters })).toMatchObject({ status: 404, code: 'NoSuchEntity' })
    // Whoever has no right to it does not learn even that.
    expect(await callIam(gateway, { action, parameters, as: 'account' })).toMatchObject({ code: 'AccessDenied' })
  })
})
