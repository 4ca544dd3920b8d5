import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RawAnswer, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  for (const bucket of ['plain', 'versioned', 'suspended']) await send('PUT', `/${bucket}`)
  await configure('versioned', 'Enabled')
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })
const configure = (bucket: string, status: string) =>
  send('PUT', `/${bucket}?versioning`, {
    body: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
  })
const put = (target: string, body: string) => send('PUT', target, { body })
const versionOf = ({ headers }: RawAnswer) => headers['x-amz-version-id']
const copySource = (source: string) => ({ headers: { 'x-amz-copy-source': source } })

describe('a bucket that was never versioned', () => {
  test('names no version in any answer, and knows its objects as the null version', async () => {
    const answers = [await put('/plain/k', 'x'), await send('GET', '/plain/k'), await send('HEAD', '/plain/k')]
    answers.push(await send('GET', '/plain/k?versionId=null'), await send('PUT', '/plain/c', copySource('plain/k')))
    answers.push(await send('DELETE', '/plain/c'))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 204])
    for (const answer of answers) {
      expect(versionOf(answer)).toBeUndefined()
      expect(answer.headers['x-amz-copy-source-version-id']).toBeUndefined()
    }
  })
})

describe('a versioned bucket', () => {
  test('reads the current version or the one that is named, and says which', async () => {
    const first = versionOf(await put('/versioned/k', 'first'))
    const second = versionOf(await put('/versioned/k', 'second'))
    const current = await send('GET', '/versioned/k')
    expect([current.text, versionOf(current)]).toEqual(['second', second])
    const named = await send('GET', `/versioned/k?versionId=${first}`)
    expect([named.text, versionOf(named)]).toEqual(['first', first])
    const head = await send('HEAD', `/versioned/k?versionId=${first}`)
    expect([head.headers['content-length'], versionOf(head)]).toEqual(['5', first])
    const range = await send('GET', `/versioned/k?versionId=${first}`, { headers: { range: 'bytes=1-2' } })
    expect([range.status, range.text]).toEqual([206, 'ir'])
  })

  test.each([
    ['01890000-0000-7000-8000-000000000000', 404, 'NoSuchVersion'],
    ['null', 404, 'NoSuchVersion'],
    ['nonsense', 400, 'InvalidArgument'],
    ['', 400, 'InvalidArgument'],
  ])('answers versionId=%s with %i %s', async (versionId, status, code) => {
    await put('/versioned/there', 'x')
    const answer = await send('GET', `/versioned/there?versionId=${versionId}`)
    expect([answer.status, answer.code]).toEqual([status, code])
    expect((await send('HEAD', `/versioned/there?versionId=${versionId}`)).status).toBe(status)
  })

  test('knows no version by the id of another key', async () => {
    const version = versionOf(await put('/versioned/one', 'x'))
    await put('/versioned/two', 'y')
    expect((await send('GET', `/versioned/two?versionId=${version}`)).code).toBe('NoSuchVersion')
    await send('DELETE', `/versioned/two?versionId=${version}`)
    expect((await send('GET', `/versioned/one?versionId=${version}`)).status).toBe(200)
  })

  test('answers 404 for a key under a delete marker, 405 for the marker itself, and says in both that it is one', async () => {
    const version = versionOf(await put('/versioned/gone', 'x'))
    const marker = versionOf(await send('DELETE', '/versioned/gone'))
    for (const method of ['GET', 'HEAD']) {
      const current = await send(method, '/versioned/gone')
      expect([current.status, current.headers['x-amz-delete-marker'], versionOf(current)]).toEqual([
        404,
        'true',
        marker,
      ])
      const named = await send(method, `/versioned/gone?versionId=${marker}`)
      expect([named.status, named.headers['x-amz-delete-marker'], named.headers.allow]).toEqual([405, 'true', 'DELETE'])
      expect(Date.parse(named.headers['last-modified'] as string)).toBeGreaterThan(0)
    }
    expect((await send('GET', '/versioned/gone')).code).toBe('NoSuchKey')
    expect((await send('GET', `/versioned/gone?versionId=${marker}`)).code).toBe('MethodNotAllowed')
    expect((await send('GET', `/versioned/gone?versionId=${version}`)).text).toBe('x')
  })

  test('lets nobody else read a version', async () => {
    const version = versionOf(await put('/versioned/secret', 'x'))
    const target = `/versioned/secret?versionId=${version}`
    for (const as of ['neighbour', null] as const) {
      expect((await send('GET', target, { as })).code).toBe('AccessDenied')
      expect((await send('DELETE', target, { as })).code).toBe('AccessDenied')
    }
    expect((await send('GET', target)).status).toBe(200)
  })

  test('copies from a version, also onto its own key, and names both versions', async () => {
    const old = versionOf(await put('/versioned/restore', 'old'))
    const young = versionOf(await put('/versioned/restore', 'young'))
    const restored = await send('PUT', '/versioned/restore', copySource(`versioned/restore?versionId=${old}`))
    expect(restored.headers['x-amz-copy-source-version-id']).toBe(old)
    expect(versionOf(restored)).not.toBe(old)
    const current = await send('GET', '/versioned/restore')
    expect([current.text, versionOf(current)]).toEqual(['old', versionOf(restored)])
    const out = await send('PUT', '/plain/out', copySource(`versioned/restore?versionId=${young}`))
    expect([out.headers['x-amz-copy-source-version-id'], versionOf(out)]).toEqual([young, undefined])
    expect((await send('GET', '/plain/out')).text).toBe('young')
  })

  test('copies from no delete marker', async () => {
    await put('/versioned/marked', 'x')
    const marker = versionOf(await send('DELETE', '/versioned/marked'))
    expect((await send('PUT', '/versioned/c', copySource('versioned/marked'))).code).toBe('NoSuchKey')
    const named = copySource(`versioned/marked?versionId=${marker}`)
    expect((await send('PUT', '/versioned/c', named)).code).toBe('InvalidRequest')
  })

  test('copies a part from a version, and names the version that Complete makes, in a retry as well', async () => {
    const source = versionOf(await put('/versioned/source', 'part of old'))
    await put('/versioned/source', 'new')
    const opened = await send('POST', '/versioned/multi?uploads')
    const uploadId = /<UploadId>([^<]*)</.exec(opened.text)?.[1]
    const part = await send(
      'PUT',
      `/versioned/multi?partNumber=1&uploadId=${uploadId}`,
      copySource(`versioned/source?versionId=${source}`),
    )
    expect(part.headers['x-amz-copy-source-version-id']).toBe(source)
    const etag = /<ETag>([^<]*)</.exec(part.text)?.[1]
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    const done = await send('POST', `/versioned/multi?uploadId=${uploadId}`, { body })
    const again = await send('POST', `/versioned/multi?uploadId=${uploadId}`, { body })
    expect(versionOf(done)).toMatch(/^[0-9a-f-]{36}$/)
    expect(versionOf(again)).toBe(versionOf(done))
    await put('/versioned/multi', 'newer')
    expect((await send('GET', `/versioned/multi?versionId=${versionOf(done)}`)).text).toBe('part of old')
  })

  test('holds the conditions of a write against the current version, of which a delete marker is none', async () => {
    const { headers } = await put('/versioned/if', 'x')
    const conditional = (name: string, value: string) => send('PUT', '/versioned/if', { headers: { [name]: value } })
    expect((await conditional('if-none-match', '*')).code).toBe('PreconditionFailed')
    expect((await conditional('if-none-match', headers.etag as string)).code).toBe('PreconditionFailed')
    expect((await conditional('if-match', '"other"')).code).toBe('PreconditionFailed')
    await send('DELETE', '/versioned/if')
    expect((await conditional('if-match', '*')).code).toBe('NoSuchKey')
    expect((await conditional('if-none-match', '*')).status).toBe(200)
    expect((await conditional('if-match', '*')).status).toBe(200)
  })

  test('cannot be deleted while any version or delete marker is left', async () => {
    await send('PUT', '/left')
    await configure('left', 'Enabled')
    const marker = versionOf(await send('DELETE', '/left/k'))
    expect((await send('DELETE', '/left')).code).toBe('BucketNotEmpty')
    await send('DELETE', `/left/k?versionId=${marker}`)
    expect((await send('DELETE', '/left')).status).toBe(204)
  })
})

describe('a suspended bucket', () => {
  test('keeps the versions that it has, and replaces the null version with each write and delete', async () => {
    await put('/suspended/k', 'before')
    await configure('suspended', 'Enabled')
    const kept = versionOf(await put('/suspended/k', 'kept'))
    await configure('suspended', 'Suspended')
    expect(versionOf(await put('/suspended/k', 'null one'))).toBeUndefined()
    expect(versionOf(await send('GET', '/suspended/k'))).toBe('null')
    expect((await send('GET', '/suspended/k?versionId=null')).text).toBe('null one')
    const deleted = await send('DELETE', '/suspended/k')
    expect([versionOf(deleted), deleted.headers['x-amz-delete-marker']]).toEqual(['null', 'true'])
    expect((await send('GET', '/suspended/k?versionId=null')).code).toBe('MethodNotAllowed')
    expect((await send('GET', `/suspended/k?versionId=${kept}`)).text).toBe('kept')
    const { text } = await send('GET', '/suspended?versions')
    expect(text.match(/<VersionId>[^<]*</g)).toEqual(['<VersionId>null<', `<VersionId>${kept}<`])
  })
})
