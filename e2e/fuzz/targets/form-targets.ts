import { validateHeaderValue } from 'node:http'
import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { claimFromForm } from '#storage-engine/auth/form-claim.ts'
import { checkFormPolicy, parseFormPolicy } from '#storage-engine/auth/form-policy.ts'
import { parseQuery } from '#storage-engine/auth/request-target.ts'
import { members, optionalBoolean, optionalInteger, optionalText } from '#storage-engine/iam/parameters.ts'
import { headersOfForm } from '#storage-engine/s3/form-headers.ts'
import { boundaryOf, createFormParser } from '#storage-engine/s3/form-parser.ts'
import { formBody, signForm } from '#storage-engine/testing/post-form.ts'

const CREDENTIALS = { accessKeyId: 'AKIAFUZZ', secretAccessKey: 'secret' }
const FORM = { bucket: 'b', key: 'k', credentials: CREDENTIALS, expiresAt: new Date(4_000_000_000_000) }
const V4 = signForm({ ...FORM, version: 'v4' })
const V2 = signForm({ ...FORM, version: 'v2' })
const FILE = 'what the file holds'
const SENT = formBody({ ...V4, key: 'k', acl: 'private', 'Content-Type': 'text/plain', 'x-amz-meta-a': 'b' }, FILE)
const BOUNDARY = boundaryOf(SENT.contentType) ?? ''
const CONDITIONS = [
  { acl: 'private' },
  ['starts-with', '$key', ''],
  ['eq', '$x-amz-meta-a', 'b'],
  ['content-length-range', 0, 1024],
]
const POLICY = Buffer.from(signForm({ ...FORM, version: 'v2', conditions: CONDITIONS })['policy'] ?? '', 'base64')

/** `name=value` a line. */
function fieldsOf(input: Buffer): Map<string, string> {
  const pairs = input.toString('utf8').split('\n')
  return new Map(pairs.map((pair) => [pair.split('=', 1)[0]?.toLowerCase() ?? '', pair.slice(pair.indexOf('=') + 1)]))
}

const lines = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')

export const FORM_TARGETS: FuzzTarget[] = [
  {
    name: 'form-body',
    // The first byte says how the rest is cut into pieces, as a socket would.
    seeds: [0, 6, 255].map((size) => Buffer.concat([Buffer.from([size]), SENT.body])),
    tokens: [
      `--${BOUNDARY}`,
      `\r\n--${BOUNDARY}--`,
      'Content-Disposition: form-data; name="',
      '; filename="',
      'name="file"',
      '\r\n\r\n',
    ],
    async run(input) {
      const pieceSize = (input[0] ?? 0) + 1
      const fields = new Map<string, string>()
      let size = 0
      const parser = createFormParser({
        boundary: BOUNDARY,
        onField: (name, value) => void fields.set(name, value),
        onFile: () => undefined,
        onFileData(chunk) {
          size += chunk.length
        },
      })
      for (let at = 1; at < input.length; at += pieceSize) await parser.push(input.subarray(at, at + pieceSize))
      parser.finish()
      if (size > input.length) throw new Error('The file is larger than the form')
      return [fields, size === 0]
    },
  },
  {
    name: 'form-content-type',
    seeds: [SENT.contentType, 'multipart/form-data; boundary="a b"', 'multipart/form-data'],
    tokens: ['boundary=', ';', '"'],
    run: (input) => boundaryOf(input.toString('latin1')),
  },
  {
    name: 'form-policy',
    seeds: [POLICY, Buffer.from(V4['policy'] ?? '', 'base64')],
    tokens: [
      '"expiration"',
      '"conditions"',
      '"starts-with"',
      '"eq"',
      '"content-length-range"',
      '"$key"',
      '"__proto__"',
      '[',
      '{',
      '\\ud800',
    ],
    run(input) {
      const policy = parseFormPolicy(input.toString('base64'))
      const fields = new Map([
        ['bucket', 'b'],
        ['key', 'k'],
        ['acl', 'private'],
        ['x-amz-meta-a', 'b'],
      ])
      checkFormPolicy(policy, { fields, now: 0 })
      return policy
    },
  },
  {
    name: 'form-policy-text',
    seeds: [POLICY.toString('base64'), ''],
    run: (input) => parseFormPolicy(input.toString('latin1')),
  },
  {
    name: 'form-fields',
    seeds: [
      lines({ ...V4, key: 'k', 'x-amz-meta-a': 'b' }),
      lines({
        ...V2,
        key: 'k',
        tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
      }),
      lines({
        'content-type': 'a',
        'x-amz-checksum-crc32': 'AAAAAA==',
        acl: 'public-read',
        success_action_status: '201',
      }),
    ],
    tokens: ['x-amz-algorithm=', 'x-amz-credential=', 'AWSAccessKeyId=', 'signature=', 'policy=', 'tagging=', '\n'],
    run(input) {
      const fields = fieldsOf(input)
      const headers = headersOfForm(new Map([['host', 'h']]), fields)
      for (const [name, value] of headers) validateHeaderValue(name, value)
      return [headers, claimFromForm(fields)?.version]
    },
  },
  {
    name: 'iam-query',
    seeds: [
      'Action=CreateUser&UserName=a&Path=%2Fp%2F&Version=2010-05-08',
      'Action=TagUser&Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c&MaxItems=5&IsTruncated=true',
      'Action=AssumeRole&RoleArn=arn:aws:iam::1:role/r&DurationSeconds=900&PolicyArns.member.1.arn=x',
    ],
    tokens: ['.member.', '.member.1', 'member.0', 'MaxItems=', '&', '=', '+'],
    run(input) {
      const { values } = parseQuery(input.toString('latin1'))
      const rule = { lengthMax: 128, pattern: /^[\w+=,.@-]+$/ }
      return [
        optionalText(values, 'UserName', rule),
        optionalInteger(values, 'MaxItems', { min: 1, max: 1000 }),
        optionalBoolean(values, 'IsTruncated'),
        members(values, 'TagKeys', rule),
      ]
    },
  },
]
