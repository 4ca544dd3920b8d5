import { HeadObjectCommand, RestoreObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSdkClient } from '#storage-engine/testing/s3-client.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await send('PUT', '/bkt')
})

afterAll(() => gateway.stop())

beforeEach(() => send('PUT', '/bkt/ice', { body: 'frozen', headers: { 'x-amz-storage-class': 'GLACIER' } }))

type Input = Partial<Parameters<typeof sendSigned>[1]>
const send = (method: string, target: string, input: Input = {}) => sendSigned(gateway, { method, target, ...input })
const restore = (content: string, input: Input = {}) =>
  send('POST', '/bkt/ice?restore', { body: `<RestoreRequest>${content}</RestoreRequest>`, ...input })

/** S3 adds the days and goes on to the next midnight. */
function midnightBehind(days: number): string {
  return new Date((Math.floor(Date.now() / 86_400_000) + days + 1) * 86_400_000).toUTCString()
}

describe('RestoreObject', () => {
  it('lets an archived object be read and copied until its days are over', async () => {
    const client = createSdkClient(gateway, 'root')
    const RestoreRequest = { Days: 2, GlacierJobParameters: { Tier: 'Expedited' as const } }
    const { $metadata } = await client.send(new RestoreObjectCommand({ Bucket: 'bkt', Key: 'ice', RestoreRequest }))
    expect($metadata.httpStatusCode).toBe(202)
    const { Restore, StorageClass } = await client.send(new HeadObjectCommand({ Bucket: 'bkt', Key: 'ice' }))
    expect(StorageClass).toBe('GLACIER')
    expect(Restore).toBe(`ongoing-request="false", expiry-date="${midnightBehind(2)}"`)
    expect((await send('GET', '/bkt/ice')).text).toBe('frozen')
    const copy = await send('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/bkt/ice' } })
    expect(copy.status).toBe(200)
    const { headers } = await send('HEAD', '/bkt/copy')
    expect([headers['x-amz-storage-class'], headers['x-amz-restore']]).toEqual([undefined, undefined])
    client.destroy()
  })

  it('answers 200 when it only changes the days', async () => {
    expect((await restore('<Days>1</Days>')).status).toBe(202)
    expect((await restore('<Days>5</Days>')).status).toBe(200)
    expect((await send('HEAD', '/bkt/ice')).headers['x-amz-restore']).toContain(midnightBehind(5))
  })

  it('is over at its midnight, whatever the jobs have done by then', async () => {
    await restore('<Days>1</Days>')
    const past = new Date(Date.now() - 1).toISOString()
    const text = `update object_versions set settings = jsonb_set(settings, '{restoredUntil}', to_jsonb($1::text)) where key = 'ice'`
    await gateway.engine.db.query({ name: 'past', text, values: [past] })
    expect((await send('GET', '/bkt/ice')).code).toBe('InvalidObjectState')
    expect((await send('HEAD', '/bkt/ice')).headers['x-amz-restore']).toBeUndefined()
    expect((await restore('<Days>1</Days>')).status).toBe(202)
  })

  it('restores the version that is named', async () => {
    await send('PUT', '/versions')
    const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    await send('PUT', '/versions?versioning', { body: enabled })
    const headers = { 'x-amz-storage-class': 'DEEP_ARCHIVE' }
    const ids = []
    for (const body of ['one', 'two']) {
      ids.push((await send('PUT', '/versions/a', { body, headers })).headers['x-amz-version-id'])
    }
    const target = `/versions/a?restore&versionId=${ids[0]}`
    const answer = await send('POST', target, { body: '<RestoreRequest><Days>1</Days></RestoreRequest>' })
    expect([answer.status, answer.headers['x-amz-version-id']]).toEqual([202, ids[0]])
    expect((await send('GET', `/versions/a?versionId=${ids[0]}`)).text).toBe('one')
    expect((await send('GET', '/versions/a')).code).toBe('InvalidObjectState')
  })

  it.each([
    ['no days', '', 'MalformedXML'],
    ['days that are no number', '<Days>soon</Days>', 'MalformedXML'],
    ['no day at all', '<Days>0</Days>', 'InvalidArgument'],
    ['more days than there are dates', '<Days>2000000000</Days>', 'InvalidArgument'],
    ['an unknown tier', '<Days>1</Days><Tier>Slow</Tier>', 'MalformedXML'],
    ['an unknown element', '<Days>1</Days><Hours>1</Hours>', 'MalformedXML'],
  ])('refuses %s', async (_name, content, code) => {
    const answer = await restore(content)
    expect([answer.status, answer.code]).toEqual([400, code])
    expect((await send('GET', '/bkt/ice')).code).toBe('InvalidObjectState')
  })

  it('refuses what it does not do: a selection, another place, haste in the deep archive', async () => {
    expect((await restore('<Type>SELECT</Type>')).code).toBe('NotImplemented')
    expect((await restore('<Days>1</Days><OutputLocation/>')).code).toBe('NotImplemented')
    await send('PUT', '/bkt/ice', { body: 'x', headers: { 'x-amz-storage-class': 'DEEP_ARCHIVE' } })
    const hasty = await restore('<Days>1</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters>')
    expect([hasty.status, hasty.code]).toEqual([400, 'InvalidArgument'])
    expect((await restore('<Days>1</Days><Tier>Bulk</Tier>')).status).toBe(202)
  })

  it('refuses objects that are not archived', async () => {
    await send('PUT', '/bkt/ice', { body: 'warm', headers: { 'x-amz-storage-class': 'STANDARD_IA' } })
    const answer = await restore('<Days>1</Days>')
    expect([answer.status, answer.code]).toEqual([403, 'InvalidObjectState'])
    expect(answer.text).toContain('<StorageClass>STANDARD_IA</StorageClass>')
  })

  it('is for those who may, on objects that are there', async () => {
    expect((await restore('<Days>1</Days>', { as: null })).code).toBe('AccessDenied')
    expect((await restore('<Days>1</Days>', { as: 'neighbour' })).code).toBe('AccessDenied')
    expect((await restore('<Days>1</Days>', { target: '/bkt/none?restore' })).code).toBe('NoSuchKey')
    expect((await restore('<Days>1</Days>', { target: '/none/ice?restore' })).code).toBe('NoSuchBucket')
  })
})
