import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

type Input = Partial<Parameters<typeof sendSigned>[1]>
const send = (method: string, target: string, input: Input = {}) => sendSigned(gateway, { method, target, ...input })
const inClass = (name: string) => ({ 'x-amz-storage-class': name })
const head = async (key: string) => (await send('HEAD', `/bkt/${key}`)).headers['x-amz-storage-class']

async function upload(key: string, headers: Record<string, string>): Promise<string> {
  const { text } = await send('POST', `/bkt/${key}?uploads`, { headers })
  return /<UploadId>(.*?)</.exec(text)?.[1] as string
}

async function complete(key: string, uploadId: string) {
  const { headers } = await send('PUT', `/bkt/${key}?partNumber=1&uploadId=${uploadId}`, { body: 'part' })
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers['etag']}</ETag></Part></CompleteMultipartUpload>`
  return send('POST', `/bkt/${key}?uploadId=${uploadId}`, { body })
}

describe('a storage class', () => {
  it('is kept by PUT, copy and multipart uploads, and listed; STANDARD is not told of an object', async () => {
    await send('PUT', '/bkt/c/plain', { body: 'x', headers: inClass('STANDARD') })
    await send('PUT', '/bkt/c/put', { body: 'x', headers: inClass('STANDARD_IA') })
    await send('PUT', '/bkt/c/copied', { headers: { 'x-amz-copy-source': '/bkt/c/put' } })
    await send('PUT', '/bkt/c/moved', { headers: { 'x-amz-copy-source': '/bkt/c/put', ...inClass('GLACIER_IR') } })
    const uploadId = await upload('c/parts', inClass('ONEZONE_IA'))
    const parts = await send('GET', `/bkt/c/parts?uploadId=${uploadId}`)
    expect(parts.text).toContain('<StorageClass>ONEZONE_IA</StorageClass>')
    expect((await send('GET', '/bkt?uploads')).text).toContain('<StorageClass>ONEZONE_IA</StorageClass>')
    expect((await complete('c/parts', uploadId)).status).toBe(200)
    expect(await Promise.all(['plain', 'put', 'copied', 'moved', 'parts'].map((key) => head(`c/${key}`)))).toEqual([
      undefined,
      'STANDARD_IA',
      undefined,
      'GLACIER_IR',
      'ONEZONE_IA',
    ])
    for (const query of ['prefix=c%2F', 'delimiter=%2F&prefix=c%2F']) {
      const { text } = await send('GET', `/bkt?list-type=2&${query}`)
      const listed = [...text.matchAll(/<Key>c\/(\w+)<\/Key>.*?<StorageClass>(\w+)</g)].map(([, key, name]) => [
        key,
        name,
      ])
      expect(Object.fromEntries(listed)).toEqual({
        plain: 'STANDARD',
        put: 'STANDARD_IA',
        copied: 'STANDARD',
        moved: 'GLACIER_IR',
        parts: 'ONEZONE_IA',
      })
    }
  })

  it('can be all that a copy of an object onto itself changes', async () => {
    await send('PUT', '/bkt/self', { body: 'x' })
    const headers = { 'x-amz-copy-source': '/bkt/self', ...inClass('STANDARD_IA') }
    expect((await send('PUT', '/bkt/self', { headers })).status).toBe(200)
    expect(await head('self')).toBe('STANDARD_IA')
  })

  it('must be one of the installation', async () => {
    for (const [method, target] of [
      ['PUT', '/bkt/no'],
      ['POST', '/bkt/no?uploads'],
    ] as const) {
      const answer = await send(method, target, { headers: inClass('LUKEWARM') })
      expect([answer.status, answer.code]).toEqual([400, 'InvalidStorageClass'])
    }
  })
})

describe('an archived object', () => {
  it('shows itself but not its bytes, and is not copied', async () => {
    await send('PUT', '/bkt/ice', { body: 'frozen', headers: inClass('GLACIER') })
    expect((await send('HEAD', '/bkt/ice')).headers).toMatchObject({
      'x-amz-storage-class': 'GLACIER',
      'content-length': '6',
    })
    const read = await send('GET', '/bkt/ice')
    expect([read.status, read.code]).toEqual([403, 'InvalidObjectState'])
    expect(read.text).toContain('<StorageClass>GLACIER</StorageClass>')
    expect(read.text).not.toContain('frozen')
    expect((await send('GET', '/bkt/ice', { headers: { range: 'bytes=0-1' } })).code).toBe('InvalidObjectState')
    const copy = await send('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/bkt/ice' } })
    expect([copy.status, copy.code]).toEqual([403, 'InvalidObjectState'])
    expect((await send('HEAD', '/bkt/copy')).status).toBe(404)
    const uploadId = await upload('copy', {})
    const part = await send('PUT', `/bkt/copy?partNumber=1&uploadId=${uploadId}`, {
      headers: { 'x-amz-copy-source': '/bkt/ice' },
    })
    expect(part.code).toBe('InvalidObjectState')
    expect((await send('DELETE', '/bkt/ice')).status).toBe(204)
  })

  it('says so too when it is empty', async () => {
    await send('PUT', '/bkt/nothing', { headers: inClass('DEEP_ARCHIVE') })
    expect((await send('GET', '/bkt/nothing')).code).toBe('InvalidObjectState')
  })
})

describe('x-amz-expiration', () => {
  const RULES = `<LifecycleConfiguration>
    <Rule><ID>logs &amp; more</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>
    <Rule><ID>red</ID><Filter><Tag><Key>team</Key><Value>red</Value></Tag></Filter><Status>Enabled</Status><Expiration><Date>2040-01-01T00:00:00Z</Date></Expiration></Rule>
    <Rule><ID>up</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>
  </LifecycleConfiguration>`
  const RED = 'expiry-date="Sun, 01 Jan 2040 00:00:00 GMT", rule-id="red"'

  beforeAll(async () => {
    await send('PUT', '/rules')
    await send('PUT', '/rules?lifecycle', { body: RULES })
  })

  function midnightAfter(days: number): string {
    return new Date(Math.ceil(Date.now() / 86_400_000 + days) * 86_400_000).toUTCString()
  }

  it('is told by PUT, GET, HEAD, copy and Complete of what a rule will end', async () => {
    const expected = `expiry-date="${midnightAfter(3)}", rule-id="logs%20%26%20more"`
    const answers = [
      await send('PUT', '/rules/logs/a', { body: 'x' }),
      await send('GET', '/rules/logs/a'),
      await send('HEAD', '/rules/logs/a'),
      await send('PUT', '/rules/logs/b', { headers: { 'x-amz-copy-source': '/rules/logs/a' } }),
    ]
    expect(answers.map(({ headers }) => headers['x-amz-expiration'])).toEqual(new Array(4).fill(expected))
  })

  it('follows the tags of PUT, copy and upload', async () => {
    const tagged = { 'x-amz-tagging': 'team=red' }
    expect((await send('PUT', '/rules/a', { body: 'x', headers: tagged })).headers['x-amz-expiration']).toBe(RED)
    expect((await send('HEAD', '/rules/a')).headers['x-amz-expiration']).toBe(RED)
    const copy = await send('PUT', '/rules/b', { headers: { 'x-amz-copy-source': '/rules/a' } })
    expect(copy.headers['x-amz-expiration']).toBe(RED)
    const { text } = await send('POST', '/rules/m?uploads', { headers: tagged })
    const uploadId = /<UploadId>(.*?)</.exec(text)?.[1]
    const { headers } = await send('PUT', `/rules/m?partNumber=1&uploadId=${uploadId}`, { body: 'part' })
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers['etag']}</ETag></Part></CompleteMultipartUpload>`
    const done = await send('POST', `/rules/m?uploadId=${uploadId}`, { body })
    expect(done.headers['x-amz-expiration']).toBe(RED)
  })

  it('is absent where no rule applies', async () => {
    expect((await send('PUT', '/rules/other', { body: 'x' })).headers['x-amz-expiration']).toBeUndefined()
    expect((await send('HEAD', '/rules/other')).headers['x-amz-expiration']).toBeUndefined()
  })

  it('has its like for uploads that nobody completes', async () => {
    const { headers, text } = await send('POST', '/rules/logs/u?uploads')
    const expected = { 'x-amz-abort-date': midnightAfter(1), 'x-amz-abort-rule-id': 'up' }
    expect(headers).toMatchObject(expected)
    const uploadId = /<UploadId>(.*?)</.exec(text)?.[1]
    expect((await send('GET', `/rules/logs/u?uploadId=${uploadId}`)).headers).toMatchObject(expected)
    expect((await send('POST', '/rules/u?uploads')).headers['x-amz-abort-date']).toBeUndefined()
  })
})
