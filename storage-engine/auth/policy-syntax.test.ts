import { expect, test } from 'vitest'
import { parsePolicy } from '#storage-engine/auth/policy-syntax.ts'
import { PolicySyntaxError } from '#storage-engine/auth/policy-syntax-error.ts'

const BASE = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }
const document = (change: object, others: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: { ...BASE, ...change }, ...others })

test.each([
  [{ Principal: { AWS: '*' } }],
  [{ Principal: { AWS: ['arn:aws:iam::acme:root', '123456789012', `${'a'.repeat(64)}`] } }],
  [{ Principal: { CanonicalUser: 'a'.repeat(64) } }],
  [{ Principal: { Service: 'logging.s3.amazonaws.com' } }],
  [{ Principal: { AWS: 'urn:store:iam::acme:user/bob' } }],
  [{ Sid: 'Any text, also with spaces' }],
  [{ Action: ['s3:Get*', '*'] }],
  [{ Resource: ['arn:aws:s3:::b', 'urn:store:s3:::b/*'] }],
  [{ Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::acme:root' } }],
  [{ Action: undefined, NotAction: 's3:DeleteBucket' }],
])('reads a bucket policy with %j', (change) => {
  expect(parsePolicy(document(change), 'bucket').statements).toHaveLength(1)
})

test('reads a list of statements, and one without a version', () => {
  expect(parsePolicy(JSON.stringify({ Statement: [BASE, BASE] }), 'bucket').statements).toHaveLength(2)
})

test.each([
  ['', "Policies must be valid JSON and the first byte must be '{'"],
  ['{', "Policies must be valid JSON and the first byte must be '{'"],
  ['{}', 'Missing required field Statement'],
  ['{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
  ['{"Statement":["x"]}', 'This policy contains invalid Json'],
  [document({}, { Version: '2012-10-18' }), 'The policy must contain a valid version string'],
  [document({}, { Comment: 'x' }), 'Unknown field Comment'],
  [document({ Actions: 's3:*' }), 'Unknown field Actions'],
  [document({ Effect: 'allow' }), 'Invalid effect: allow'],
  [document({ Effect: undefined }), 'Missing required field Effect'],
  [document({ Principal: undefined }), 'Missing required field Principal'],
  [document({ Principal: 'arn:aws:iam::acme:root' }), 'Invalid principal in policy'],
  [document({ Principal: {} }), 'Invalid principal in policy'],
  [document({ Principal: { AWS: [] } }), 'Invalid principal in policy'],
  [document({ Principal: { AWS: 'arn:aws:iam::acme:user/*' } }), 'Invalid principal in policy'],
  [document({ Principal: { AWS: 'arn:aws:iam::acme:group/g' } }), 'Invalid principal in policy'],
  [document({ Principal: { Somebody: 'x' } }), 'Invalid principal in policy'],
  [document({ Principal: undefined, NotPrincipal: '*' }), 'Allow with NotPrincipal is not allowed in a policy'],
  [document({ NotPrincipal: '*' }), 'Statement contains both Principal and NotPrincipal'],
  [document({ Action: undefined }), 'Missing required field Action'],
  [document({ Action: 'GetObject' }), 'Policy has invalid action'],
  [document({ Action: ['s3:GetObject', 5] }), 'Policy has invalid action'],
  [document({ Resource: undefined }), 'Missing required field Resource'],
  [document({ Resource: 'b/*' }), 'Policy has invalid resource'],
  [document({ NotResource: 'arn:aws:s3:::b' }), 'Statement contains both Resource and NotResource'],
  [document({ Sid: 5 }), 'This policy contains invalid Json'],
])('refuses %s: %s', (text, message) => {
  const read = () => parsePolicy(text, 'bucket')
  expect(read).toThrow(PolicySyntaxError)
  expect(read).toThrow(message)
})

test('takes `__proto__` for a field like any other', () => {
  expect(() => parsePolicy('{"__proto__":{"Statement":[]}}', 'bucket')).toThrow('Unknown field __proto__')
})

test('reads policies of identities: no principal but everybody, any service, unique statement ids', () => {
  const identity = { Effect: 'Allow', Action: ['iam:Get*', 's3:*'], Resource: '*' }
  const read = (...Statement: object[]) => parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity')
  expect(read(identity, { ...identity, Principal: '*' }).statements.map(({ principals }) => principals)).toEqual([
    null,
    null,
  ])
  expect(() => read({ ...identity, Principal: { AWS: '*' } })).toThrow('should not specify a principal')
  expect(() => read({ ...identity, Sid: 'a' }, { ...identity, Sid: 'a' })).toThrow('must be unique')
  expect(() => read({ ...identity, Sid: 'a b' })).toThrow('alpha-numeric')
  expect(() => read({ ...identity, Resource: 'everything' })).toThrow('Policy has invalid resource')
})

test('reads policies of roles: who may assume it, and no resource', () => {
  const trust = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::acme:root' }, Action: 'sts:AssumeRole' }
  const read = (change: object) => parsePolicy(JSON.stringify({ Statement: { ...trust, ...change } }), 'trust')
  expect(read({}).statements[0]?.resources).toBeNull()
  expect(() => read({ Resource: '*' })).toThrow('Has prohibited field Resource')
  expect(() => read({ Principal: undefined })).toThrow('Missing required field Principal')
  expect(() => read({ Action: 's3:GetObject' })).toThrow('Policy has invalid action')
})
