import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageDueEvents } from '#storage-engine/metadata/events.ts'
import { insertWebhook } from '#storage-engine/metadata/webhooks.ts'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
  await insertWebhook(gateway.engine.db, {
    id: '01900000-0000-7000-8000-000000000001',
    namespaceId: gateway.namespaceIds.acme,
    name: 'hook',
    url: 'https://example.com/',
    sealedSecret: Buffer.alloc(1),
  })
})

afterAll(() => gateway.stop())

const TOPIC = 'arn:aws:sns:us-east-1:acme:hook'

function put(targets: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) {
  const body = `<NotificationConfiguration>${targets}</NotificationConfiguration>`
  return sendSigned(gateway, { method: 'PUT', target: '/bkt?notification', body, ...input })
}
const get = () => sendSigned(gateway, { method: 'GET', target: '/bkt?notification' })

const event = (...names: string[]) => names.map((name) => `<Event>s3:${name}</Event>`).join('')
const topic = (content: string, arn = TOPIC) =>
  `<TopicConfiguration><Topic>${arn}</Topic>${content}</TopicConfiguration>`
const filter = (...rules: [string, string][]) =>
  `<Filter><S3Key>${rules.map(([name, value]) => `<FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule>`).join('')}</S3Key></Filter>`

describe('PutBucketNotificationConfiguration', () => {
  it('gives back what an SDK set, and tells each target so', async () => {
    const client = createSdkClient(gateway, 'root')
    const FilterRules = [
      { Name: 'prefix' as const, Value: 'in/' },
      { Name: 'suffix' as const, Value: '.jpg' },
    ]
    const NotificationConfiguration = {
      TopicConfigurations: [
        { Id: 'one', TopicArn: TOPIC, Events: ['s3:ObjectCreated:*' as const], Filter: { Key: { FilterRules } } },
      ],
      QueueConfigurations: [
        { Id: 'two', QueueArn: 'arn:aws:sqs:us-east-1:acme:hook', Events: ['s3:ObjectRemoved:Delete' as const] },
      ],
      LambdaFunctionConfigurations: [
        {
          Id: 'three',
          LambdaFunctionArn: 'arn:aws:lambda:us-east-1:acme:function:hook',
          Events: ['s3:ObjectTagging:Put' as const, 's3:ObjectAcl:Put' as const],
        },
      ],
    }
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'bkt', NotificationConfiguration }))
    const { $metadata: _, ...answer } = await client.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: 'bkt' }),
    )
    // S3 answers the names of filter rules with a capital.
    const lowerCase = (name: string, value: unknown) =>
      name === 'Name' && typeof value === 'string' ? value.toLowerCase() : value
    expect(JSON.parse(JSON.stringify(answer), lowerCase)).toEqual(NotificationConfiguration)
    const due = await pageDueEvents(gateway.engine.db, { limit: 10 })
    expect(due.map(({ eventName, targetArn }) => `${eventName} ${targetArn}`).sort()).toEqual([
      'TestEvent arn:aws:lambda:us-east-1:acme:function:hook',
      'TestEvent arn:aws:sns:us-east-1:acme:hook',
      'TestEvent arn:aws:sqs:us-east-1:acme:hook',
    ])
    client.destroy()
  })

  it('names targets that have no name, and removes all with an empty document', async () => {
    expect((await put(topic(event('ObjectCreated:*')))).status).toBe(200)
    expect((await get()).text).toMatch(/<Id>[0-9a-f-]{36}<\/Id>/)
    expect((await put('')).status).toBe(200)
    expect((await get()).text).toMatch(/<NotificationConfiguration [^>]*><\/NotificationConfiguration>/)
  })

  it('takes one event for keys that exclude each other', async () => {
    const created = event('ObjectCreated:*')
    const prefixes = topic(created + filter(['prefix', 'a/'])) + topic(created + filter(['prefix', 'b/']))
    expect((await put(prefixes)).status).toBe(200)
    const suffixes = topic(created + filter(['suffix', '.a'])) + topic(created + filter(['suffix', '.b']))
    expect((await put(suffixes)).status).toBe(200)
    expect((await put(topic(event('ObjectCreated:Put')) + topic(event('ObjectCreated:Copy')))).status).toBe(200)
  })

  const created = event('ObjectCreated:*')

  it.each([
    ['an unknown event', topic(event('ObjectEaten:*')), 'InvalidArgument', 'not supported'],
    ['no event', topic(''), 'MalformedXML', ''],
    ['no ARN', `<TopicConfiguration>${created}</TopicConfiguration>`, 'MalformedXML', ''],
    ['an ARN of another kind', topic(created, 'arn:aws:sqs:us-east-1:acme:hook'), 'InvalidArgument', 'The ARN'],
    ['an ARN of another region', topic(created, 'arn:aws:sns:eu-west-1:acme:hook'), 'InvalidArgument', 'The ARN'],
    ['an ARN of a neighbour', topic(created, 'arn:aws:sns:us-east-1:globex:hook'), 'InvalidArgument', 'The ARN'],
    ['an ARN without a webhook', topic(created, `${TOPIC}2`), 'InvalidArgument', `<ArgumentName1>${TOPIC}2<`],
    ['one event twice', topic(event('ObjectCreated:*', 'ObjectCreated:Put')), 'InvalidArgument', 'overlap'],
    ['one event for two targets', topic(created) + topic(event('ObjectCreated:Put')), 'InvalidArgument', 'overlap'],
    [
      'overlapping filters',
      topic(created + filter(['prefix', 'a'])) + topic(created + filter(['prefix', 'ab'], ['suffix', 'z'])),
      'InvalidArgument',
      'ambiguously defined',
    ],
    ['two prefixes', topic(created + filter(['prefix', 'a'], ['Prefix', 'b'])), 'InvalidArgument', 'more than one'],
    ['another filter', topic(created + filter(['tag', 'a'])), 'InvalidArgument', 'either prefix or suffix'],
    ['a long filter', topic(created + filter(['prefix', 'a'.repeat(1025)])), 'InvalidArgument', '1024 bytes'],
    ['a long id', topic(`${created}<Id>${'a'.repeat(256)}</Id>`), 'InvalidArgument', '255'],
    [
      'an id twice',
      topic(`${created}<Id>i</Id>`) + topic(`${event('ObjectAcl:Put')}<Id>i</Id>`),
      'InvalidArgument',
      'Same ID',
    ],
    ['101 targets', topic(created).repeat(101), 'InvalidRequest', 'Too many configurations'],
    ['an unknown element', '<Other/>', 'MalformedXML', ''],
  ])('refuses %s', async (_name, targets, code, message) => {
    const answer = await put(targets)
    expect([answer.status, answer.code]).toEqual([400, code])
    expect(answer.text).toContain(message)
  })

  it('does not pretend to have an EventBridge', async () => {
    expect((await put('<EventBridgeConfiguration/>')).code).toBe('NotImplemented')
  })

  it('looks for no webhook when asked not to', async () => {
    const headers = { 'x-amz-skip-destination-validation': 'true' }
    expect((await put(topic(created, `${TOPIC}2`), { headers })).status).toBe(200)
  })

  it('is for those who may, on buckets that are there', async () => {
    expect((await put('', { as: null })).code).toBe('AccessDenied')
    expect((await put('', { as: 'neighbour' })).code).toBe('AccessDenied')
    expect((await put('', { target: '/missing?notification' })).code).toBe('NoSuchBucket')
  })
})
