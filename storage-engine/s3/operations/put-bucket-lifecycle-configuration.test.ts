import { GetBucketLifecycleConfigurationCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

function put(rules: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) {
  const body = `<LifecycleConfiguration>${rules}</LifecycleConfiguration>`
  return sendSigned(gateway, { method: 'PUT', target: '/bkt?lifecycle', body, ...input })
}
const get = () => sendSigned(gateway, { method: 'GET', target: '/bkt?lifecycle' })

const rule = (content: string, { id = 'r', prefix = '<Filter/>' } = {}) =>
  `<Rule><ID>${id}</ID>${prefix}<Status>Enabled</Status>${content}</Rule>`
const DAYS = '<Expiration><Days>1</Days></Expiration>'
const filtered = (filter: string, content = DAYS) => rule(content, { prefix: `<Filter>${filter}</Filter>` })
const TAG = '<Tag><Key>k</Key><Value>v</Value></Tag>'

describe('PutBucketLifecycleConfiguration', () => {
  it('gives back what an SDK set, every filter and action of it', async () => {
    const client = createSdkClient(gateway, 'root')
    const Rules = [
      {
        ID: 'all',
        Filter: {
          And: {
            Prefix: 'a/',
            ObjectSizeGreaterThan: 500,
            ObjectSizeLessThan: 64_000,
            Tags: [
              { Key: 'k', Value: 'v' },
              { Key: 'l', Value: '' },
            ],
          },
        },
        Status: 'Enabled' as const,
        Transitions: [
          { Days: 30, StorageClass: 'STANDARD_IA' as const },
          { Days: 60, StorageClass: 'GLACIER' as const },
        ],
        Expiration: { Days: 365 },
        NoncurrentVersionTransitions: [
          { NoncurrentDays: 30, NewerNoncurrentVersions: 2, StorageClass: 'DEEP_ARCHIVE' as const },
        ],
        NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 5 },
      },
      {
        ID: 'date',
        Filter: { Tag: { Key: 'k', Value: 'v' } },
        Status: 'Disabled' as const,
        Expiration: { Date: new Date('2030-01-01T00:00:00Z') },
      },
      {
        ID: 'markers',
        Filter: { Prefix: '' },
        Status: 'Enabled' as const,
        Expiration: { ExpiredObjectDeleteMarker: true },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
      { ID: 'small', Filter: { ObjectSizeLessThan: 1 }, Status: 'Enabled' as const, Expiration: { Days: 1 } },
    ]
    const set = await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: 'bkt',
        LifecycleConfiguration: { Rules },
        TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
      }),
    )
    expect(set.TransitionDefaultMinimumObjectSize).toBe('varies_by_storage_class')
    const answer = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'bkt' }))
    expect(answer.Rules).toEqual(Rules)
    expect(answer.TransitionDefaultMinimumObjectSize).toBe('varies_by_storage_class')
    client.destroy()
  })

  it('keeps the older form with its prefix, and names rules that have no name', async () => {
    const old = (prefix: string) => `<Rule><Prefix>${prefix}</Prefix><Status>Enabled</Status>${DAYS}</Rule>`
    const answer = await put(old('a/') + rule(DAYS, { id: 'rule-1', prefix: '<Prefix>b/</Prefix>' }) + old('c&amp;/'))
    expect([answer.status, answer.headers['x-amz-transition-default-minimum-object-size']]).toEqual([
      200,
      'all_storage_classes_128K',
    ])
    const { text } = await get()
    const rules = text.match(/<Rule>.*?<\/Rule>/g)
    expect(rules).toEqual([
      `<Rule><ID>rule-2</ID><Prefix>a/</Prefix><Status>Enabled</Status>${DAYS}</Rule>`,
      `<Rule><ID>rule-1</ID><Prefix>b/</Prefix><Status>Enabled</Status>${DAYS}</Rule>`,
      `<Rule><ID>rule-3</ID><Prefix>c&amp;/</Prefix><Status>Enabled</Status>${DAYS}</Rule>`,
    ])
  })

  it('reads conditions that stand beside each other as an And', async () => {
    const and = '<And><Prefix>a</Prefix><Tag><Key>l</Key><Value>w</Value></Tag></And>'
    expect((await put(filtered(`<Prefix>a/</Prefix>${TAG}${and}`))).status).toBe(200)
    expect((await get()).text).toContain(
      `<Filter><And><Prefix>a/</Prefix>${TAG}<Tag><Key>l</Key><Value>w</Value></Tag></And></Filter>`,
    )
  })

  it('takes a Content-MD5 that fits and refuses one that does not', async () => {
    const body = `<LifecycleConfiguration>${rule(DAYS)}</LifecycleConfiguration>`
    const md5 = referenceMd5(body).toString('base64')
    expect((await put(rule(DAYS), { headers: { 'content-md5': md5 } })).status).toBe(200)
    const wrong = referenceMd5('').toString('base64')
    expect((await put(rule(DAYS), { headers: { 'content-md5': wrong } })).code).toBe('BadDigest')
  })

  it.each([
    ['no rule', '', 'InvalidRequest', 'At least one lifecycle rule must be specified.'],
    ['1,001 rules', rule(DAYS, { id: '' }).repeat(1001), 'InvalidRequest', 'allowed limit of 1000 rules'],
    ['a long id', rule(DAYS, { id: 'a'.repeat(256) }), 'InvalidArgument', 'ID length should not exceed allowed limit'],
    ['an id twice', rule(DAYS) + rule(DAYS), 'InvalidArgument', 'Rule ID must be unique'],
    ['no action', rule(''), 'InvalidRequest', 'At least one action needs to be specified in a rule'],
    ['neither filter nor prefix', rule(DAYS, { prefix: '' }), 'MalformedXML', ''],
    ['both filter and prefix', rule(DAYS, { prefix: '<Filter/><Prefix/>' }), 'MalformedXML', ''],
    ['an old rule among new ones', rule(DAYS) + rule(DAYS, { id: 'o', prefix: '<Prefix/>' }), 'InvalidRequest', 'V2'],
    ['a new rule among old ones', rule(DAYS, { id: 'o', prefix: '<Prefix/>' }) + rule(DAYS), 'InvalidRequest', 'V2'],
    [
      'overlapping old rules',
      rule(DAYS, { prefix: '<Prefix>a</Prefix>' }) + rule(DAYS, { id: 'o', prefix: '<Prefix>ab</Prefix>' }),
      'InvalidRequest',
      "Found overlapping prefixes 'a' and 'ab' for same action type 'Expiration'",
    ],
    ['zero days', rule('<Expiration><Days>0</Days></Expiration>'), 'InvalidArgument', 'must be a positive integer'],
    ['days that are no number', rule('<Expiration><Days>x</Days></Expiration>'), 'MalformedXML', ''],
    ['days beyond an int', rule('<Expiration><Days>2147483648</Days></Expiration>'), 'MalformedXML', ''],
    ['an empty expiration', rule('<Expiration/>'), 'MalformedXML', ''],
    ['days and date', rule('<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>'), 'MalformedXML', ''],
    [
      'a date at noon',
      rule('<Expiration><Date>2030-01-01T12:00:00Z</Date></Expiration>'),
      'InvalidArgument',
      "'Date' must be at midnight GMT",
    ],
    ['a date of another form', rule('<Expiration><Date>20300101</Date></Expiration>'), 'MalformedXML', ''],
    [
      'markers by tag',
      filtered(TAG, '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>'),
      'InvalidRequest',
      'ExpiredObjectDeleteMarker cannot be specified with Tags.',
    ],
    [
      'uploads by size',
      filtered(
        '<ObjectSizeLessThan>1</ObjectSizeLessThan>',
        '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
      ),
      'InvalidRequest',
      'AbortIncompleteMultipartUpload cannot be specified with Object Size.',
    ],
    ['a tag twice', filtered(`<And>${TAG}${TAG}</And>`), 'InvalidRequest', 'Duplicate Tag Keys are not allowed.'],
    ['a tag without key', filtered('<Tag><Key/><Value/></Tag>'), 'InvalidRequest', "A Tag's Key must be a length"],
    ['an And of one', filtered(`<And>${TAG}</And>`), 'MalformedXML', ''],
    [
      'prefixes that exclude each other',
      filtered('<Prefix>a</Prefix><And><Prefix>b</Prefix></And>'),
      'MalformedXML',
      '',
    ],
    [
      'a size of nothing',
      filtered('<ObjectSizeLessThan>0</ObjectSizeLessThan>'),
      'InvalidRequest',
      "'ObjectSizeLessThan' should be between 1 and 1099511627776000.",
    ],
    [
      'sizes that exclude each other',
      filtered('<And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And>'),
      'InvalidRequest',
      "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    ],
    ['noncurrent without days', rule('<NoncurrentVersionExpiration/>'), 'MalformedXML', ''],
    [
      'kept versions in the older form',
      rule(
        '<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>',
        { prefix: '<Prefix/>' },
      ),
      'InvalidRequest',
      'NewerNoncurrentVersions element can only be used in Lifecycle V2.',
    ],
    ['an unknown element', rule(`${DAYS}<Archive/>`), 'MalformedXML', ''],
    ['an unknown condition', filtered('<Suffix>a</Suffix>'), 'MalformedXML', ''],
    ['another status', rule(DAYS).replace('Enabled', 'enabled'), 'MalformedXML', ''],
  ])('refuses %s', async (_name, rules, code, message) => {
    const answer = await put(rules)
    expect([answer.status, answer.code]).toEqual([400, code])
    expect(answer.text).toContain(message)
  })

  const moves = (...steps: string[]) => rule(steps.map((step) => `<Transition>${step}</Transition>`).join(''))
  const step = (when: string, storageClass: string) => `${when}<StorageClass>${storageClass}</StorageClass>`

  it.each([
    ['a class that is not there', moves(step('<Days>1</Days>', 'ICE')), 'MalformedXML', ''],
    ['a way back', moves(step('<Days>1</Days>', 'STANDARD')), 'InvalidArgument', 'Invalid target Storage class'],
    ['no time', moves(step('', 'GLACIER')), 'MalformedXML', ''],
    ['negative days', moves(step('<Days>-1</Days>', 'GLACIER')), 'InvalidArgument', 'must be nonnegative'],
    [
      'infrequent access too early',
      moves(step('<Days>29</Days>', 'STANDARD_IA')),
      'InvalidArgument',
      "must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
    ],
    [
      'a class twice',
      moves(step('<Days>1</Days>', 'GLACIER'), step('<Days>2</Days>', 'GLACIER')),
      'InvalidRequest',
      "'StorageClass' must be different",
    ],
    [
      'the lower class first',
      moves(step('<Days>1</Days>', 'DEEP_ARCHIVE'), step('<Days>2</Days>', 'GLACIER')),
      'InvalidArgument',
      'must be greater than',
    ],
    [
      'dates among days',
      moves(step('<Days>1</Days>', 'GLACIER'), step('<Date>2030-01-01</Date>', 'DEEP_ARCHIVE')),
      'InvalidRequest',
      "Found mixed 'Date' and 'Days'",
    ],
    [
      'an end before the move',
      rule(`<Transition>${step('<Days>9</Days>', 'GLACIER')}</Transition><Expiration><Days>9</Days></Expiration>`),
      'InvalidArgument',
      "'Days' in the Expiration action for filter '()' must be greater than 'Days' in the Transition action",
    ],
  ])('refuses transitions with %s', async (_name, rules, code, message) => {
    const answer = await put(rules)
    expect([answer.status, answer.code]).toEqual([400, code])
    expect(answer.text).toContain(message)
  })

  it('refuses an unknown minimum of transitions', async () => {
    const headers = { 'x-amz-transition-default-minimum-object-size': 'none' }
    expect((await put(rule(DAYS), { headers })).code).toBe('InvalidRequest')
  })

  it('is for those who may, on buckets that are there', async () => {
    expect((await put(rule(DAYS), { as: null })).code).toBe('AccessDenied')
    expect((await put(rule(DAYS), { as: 'neighbour' })).code).toBe('AccessDenied')
    expect((await put(rule(DAYS), { target: '/missing?lifecycle' })).code).toBe('NoSuchBucket')
  })
})
