import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import { startTestGateway, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await sendSigned(gateway, { method: 'PUT', target: '/bkt' })
})

afterAll(() => gateway.stop())

const send = (method: string, target: string, input: Partial<Parameters<typeof sendSigned>[1]> = {}) =>
  sendSigned(gateway, { method, target, ...input })

async function open(key: string, headers: Record<string, string> = {}): Promise<string> {
  const { text } = await send('POST', `/bkt/${key}?uploads=`, { headers })
  return /<UploadId>([^<]*)</.exec(text)?.[1] as string
}

const part = (key: string, uploadId: string, partNumber: number, body: Buffer | string) =>
  send('PUT', `/bkt/${key}?partNumber=${partNumber}&uploadId=${uploadId}`, { body })

test('ends an upload for good', async () => {
  const uploadId = await open('k')
  await part('k', uploadId, 1, 'x')
  expect((await send('DELETE', `/bkt/other?uploadId=${uploadId}`)).code).toBe('NoSuchUpload')
  expect((await send('DELETE', `/bkt/k?uploadId=${uploadId}`)).status).toBe(204)
  expect((await part('k', uploadId, 2, 'x')).code).toBe('NoSuchUpload')
  expect((await send('DELETE', `/bkt/k?uploadId=${uploadId}`)).code).toBe('NoSuchUpload')
})
