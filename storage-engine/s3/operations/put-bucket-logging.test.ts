import { PutBucketLoggingCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceMd5 } from '#storage-engine/testing/reference-md5.ts'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway
let root: S3Client

const LOG_DELIVERY = 'http://acs.amazonaws.com/groups/s3/LogDelivery'

beforeAll(async () => {
  gateway = await startTestGateway()
  root = createSdkClient(gateway, 'root')
  for (const name of ['bkt', 'logs', 'closed']) await send('PUT', `/${name}`)
  await send('PUT', '/users', { as: 'user' })
  await send('PUT', '/globex', { as: 'neighbour' })
  for (const name of ['logs', 'globex']) await letIn(name, name === 'globex' ? 'neighbour' : 'root')
})

afterAll(async () => {
  root.destroy()
  await gateway.stop()
})

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

function letIn(name: string, as: 'root' | 'neighbour' | 'user' = 'root', more: object = {}) {
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${name}/log/*`,
    ...more,
  }
  return send('PUT', `/${name}?policy`, { as, body: JSON.stringify({ Version: '2012-10-17', Statement }) })
}

const status = (content: string) => `<BucketLoggingStatus>${content}</BucketLoggingStatus>`
const enabled = (more = '', target = 'logs', prefix = 'log/') =>
  status(
    `<LoggingEnabled><TargetBucket>${target}</TargetBucket><TargetPrefix>${prefix}</TargetPrefix>${more}</LoggingEnabled>`,
  )
const format = (content: string) => `<TargetObjectKeyFormat>${content}</TargetObjectKeyFormat>`
const grants = (grantee: string, permission = 'READ') =>
  `<TargetGrants><Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant></TargetGrants>`
const put = (body: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  send('PUT', '/bkt?logging', { body, ...input })
const get = async () => (await send('GET', '/bkt?logging')).text

describe('PutBucketLogging', () => {
  it('keeps what an SDK sets, and removes it with an empty status', async () => {
    const LoggingEnabled = { TargetBucket: 'logs', TargetPrefix: 'log/' }
    await root.send(new PutBucketLoggingCommand({ Bucket: 'bkt', BucketLoggingStatus: { LoggingEnabled } }))
    expect(await get()).toContain('<TargetBucket>logs</TargetBucket><TargetPrefix>log/</TargetPrefix></LoggingEnabled>')
    await root.send(new PutBucketLoggingCommand({ Bucket: 'bkt', BucketLoggingStatus: {} }))
    expect(await get()).toMatch(/<BucketLoggingStatus [^>]*><\/BucketLoggingStatus>/)
  })

  it('is content with the log delivery group in the ACL of a bucket of the same owner', async () => {
    const headers = { 'x-amz-grant-write': `uri="${LOG_DELIVERY}"`, 'x-amz-grant-read-acp': `uri="${LOG_DELIVERY}"` }
    expect((await send('PUT', '/closed?acl', { headers })).status).toBe(200)
    expect((await put(enabled('', 'closed'))).status).toBe(200)
    expect((await send('PUT', '/users?logging', { as: 'user', body: enabled('', 'closed') })).code).toBe(
      'InvalidTargetBucketForLogging',
    )
    await send('PUT', '/closed?acl', { headers: { 'x-amz-acl': 'private' } })
    expect((await put(enabled('', 'closed'))).code).toBe('InvalidTargetBucketForLogging')
  })

  it('takes a bucket of another owner in the namespace, as far as its policy names the source', async () => {
    const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::users' } }
    await letIn('closed', 'root', { Condition })
    expect((await send('PUT', '/users?logging', { as: 'user', body: enabled('', 'closed') })).status).toBe(200)
    expect((await put(enabled('', 'closed'))).code).toBe('InvalidTargetBucketForLogging')
    await send('DELETE', '/closed?policy')
  })

  it('names what is wrong with a target', async () => {
    const missing = await put(enabled('', 'missing'))
    expect([missing.status, missing.code]).toEqual([400, 'InvalidTargetBucketForLogging'])
    expect(missing.text).toContain('<TargetBucket>missing</TargetBucket>')
    const foreign = await put(enabled('', 'globex'))
    expect([foreign.status, foreign.code]).toEqual([400, 'InvalidTargetBucketForLogging'])
    expect(foreign.text).toContain('must be the same')
    expect((await put(enabled('', 'closed'))).text).toContain('WRITE and READ_ACP')
    expect((await put(enabled('', 'logs', 'other/'))).text).toContain('WRITE and READ_ACP')
  })

  it('refuses a target where requesters pay, or which keeps what it gets', async () => {
    await send('PUT', '/payers')
    await letIn('payers')
    await send('PUT', '/payers?requestPayment', {
      body: '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>',
    })
    expect((await put(enabled('', 'payers'))).text).toContain('Requester Pays')
    await send('PUT', '/locked', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } })
    await letIn('locked')
    expect((await put(enabled('', 'locked'))).status).toBe(200)
    const retention = '<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>'
    const lock = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${retention}</ObjectLockConfiguration>`
    const headers = { 'content-md5': referenceMd5(lock).toString('base64') }
    expect((await send('PUT', '/locked?object-lock', { body: lock, headers })).status).toBe(200)
    expect((await put(enabled('', 'locked'))).text).toContain('default retention')
  })

  it('refuses a target in another region', async () => {
    const { db } = gateway.engine
    await send('PUT', '/far')
    await letIn('far')
    await db.query({ name: 'move', text: "update buckets set region = 'eu-west-1' where name = 'far'", values: [] })
    const answer = await put(enabled('', 'far'))
    expect([answer.status, answer.code]).toEqual([403, 'CrossLocationLoggingProhibited'])
  })

  it('takes each form of keys', async () => {
    const partitioned = (source: string) =>
      format(`<PartitionedPrefix><PartitionDateSource>${source}</PartitionDateSource></PartitionedPrefix>`)
    for (const each of [format('<SimplePrefix/>'), partitioned('EventTime'), partitioned('DeliveryTime')]) {
      expect((await put(enabled(each))).status).toBe(200)
      expect(await get()).toContain(each)
    }
    expect((await put(enabled(format('<PartitionedPrefix/>')))).status).toBe(200)
    expect(await get()).toContain(partitioned('DeliveryTime'))
  })

  it('finds out whom grants mean', async () => {
    const owner = /<ID>([0-9a-f]{64})<\/ID>/.exec((await send('GET', '/users?acl', { as: 'user' })).text)?.[1]
    expect((await put(enabled(grants(`<ID>${owner}</ID>`)))).status).toBe(200)
    expect(await get()).toMatch(new RegExp(`<TargetGrants><Grant><Grantee [^>]*xsi:type="CanonicalUser"><ID>${owner}<`))
    expect((await put(enabled(grants(`<URI>${LOG_DELIVERY}</URI>`, 'FULL_CONTROL')))).status).toBe(200)
    expect((await put(enabled(grants(`<ID>${'0'.repeat(64)}</ID>`)))).code).toBe('InvalidArgument')
    await send('PUT', '/logs?ownershipControls', {
      body: '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
    })
    expect((await put(enabled(grants(`<ID>${owner}</ID>`)))).code).toBe('AccessControlListNotSupported')
    expect((await put(enabled())).status).toBe(200)
  })

  it.each([
    ['another root', '<Other/>'],
    ['no target', status('<LoggingEnabled><TargetPrefix/></LoggingEnabled>')],
    ['no prefix', status('<LoggingEnabled><TargetBucket>logs</TargetBucket></LoggingEnabled>')],
    ['an unknown element', enabled('<LoggingType>Journal</LoggingType>')],
    ['a format of no kind', enabled(format(''))],
    ['a format of both kinds', enabled(format('<SimplePrefix/><PartitionedPrefix/>'))],
    [
      'an unknown source of dates',
      enabled(format('<PartitionedPrefix><PartitionDateSource>x</PartitionDateSource></PartitionedPrefix>')),
    ],
    ['a grant to nobody', enabled(grants(''))],
    ['an unknown permission', enabled(grants(`<URI>${LOG_DELIVERY}</URI>`, 'EAT'))],
    ['no XML', 'x'],
  ])('refuses %s', async (_name, body) => {
    const answer = await put(body)
    expect([answer.status, answer.code]).toEqual([400, 'MalformedXML'])
  })

  it('refuses a prefix with which keys would be too long', async () => {
    const long = (length: number) => put(enabled(format('<PartitionedPrefix/>'), 'logs', `log/${'x'.repeat(length)}`))
    expect((await long(900)).status).toBe(200)
    expect((await long(1000)).code).toBe('InvalidArgument')
  })

  it('is for the owner alone, whatever the policy says', async () => {
    await send('PUT', '/bkt?policy', {
      body: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::bkt'] },
      }),
    })
    expect((await put(enabled(), { as: 'account' })).status).toBe(200)
    for (const as of ['user', 'neighbour', null] as const) {
      expect((await put(status(''), { as })).code).toBe('AccessDenied')
    }
    await send('DELETE', '/bkt?policy')
    expect((await put(enabled(), { as: 'account' })).code).toBe('AccessDenied')
    expect((await send('PUT', '/missing?logging', { body: enabled() })).code).toBe('NoSuchBucket')
    expect((await put(enabled(), { tamper: (headers) => (headers['host'] = 'localhost') })).code).toBe(
      'SignatureDoesNotMatch',
    )
  })
})
