import { afterAll, beforeAll, expect, test } from 'vitest'
import { setSigV2Refusal } from '#storage-engine/metadata/namespaces.ts'
import { formBody, signForm } from '#storage-engine/testing/post-form.ts'
import { type RawAnswer, sendRaw, sendSigned } from '#storage-engine/testing/signed-request.ts'
import { presignV2, signV2Headers } from '#storage-engine/testing/sigv2-request.ts'
import { startTestGateway, type TestCaller, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const REVOCATION_MS = 5_000
let gateway: TestGateway
let clockShift = 0

beforeAll(async () => {
  gateway = await startTestGateway({ now: () => Date.now() + clockShift })
  for (const as of ['root', 'neighbour'] as const) {
    await sendSigned(gateway, { method: 'PUT', target: `/of-${as}`, as })
    await sendSigned(gateway, { method: 'PUT', target: `/of-${as}/k`, as, body: 'content' })
  }
})

afterAll(() => gateway.stop())

/** In the header, in the query, and in a form. */
function sendAll(as: TestCaller): Promise<RawAnswer[]> {
  const credentials = gateway.credentials[as]
  const host = `127.0.0.1:${gateway.port}`
  const request = { method: 'GET', target: `/of-${as}/k`, headers: { host }, credentials }
  const expires = Math.floor(Date.now() / 1000) + 60
  const date = new Date().toUTCString()
  const form = formBody(
    { key: 'k', ...signForm({ version: 'v2', bucket: `of-${as}`, key: 'k', credentials }) },
    'content',
  )
  const body = Buffer.alloc(0)
  return Promise.all([
    sendRaw(gateway, { ...request, headers: { host, ...signV2Headers({ ...request, date }) }, body }),
    sendRaw(gateway, { ...request, target: presignV2({ ...request, expires }), body }),
    sendSigned(gateway, {
      method: 'POST',
      target: `/of-${as}`,
      headers: { 'content-type': form.contentType },
      body: form.body,
      as: null,
    }),
  ])
}

const statuses = async (as: TestCaller) => (await sendAll(as)).map(({ status }) => status)

test('a namespace may refuse signatures of version 2, however they come, and take them again', async () => {
  const { acme: namespaceId } = gateway.namespaceIds
  expect(await statuses('root')).toEqual([200, 200, 204])
  await setSigV2Refusal(gateway.engine.db, { namespaceId, refusesSigV2: true })
  clockShift += REVOCATION_MS
  expect((await sendAll('root')).map(({ status, code }) => [status, code])).toEqual(
    Array.from({ length: 3 }, () => [400, 'InvalidRequest']),
  )
  expect((await sendSigned(gateway, { method: 'GET', target: '/of-root/k' })).status).toBe(200)
  expect(await statuses('neighbour')).toEqual([200, 200, 204])
  await setSigV2Refusal(gateway.engine.db, { namespaceId, refusesSigV2: false })
  clockShift += REVOCATION_MS
  expect(await statuses('root')).toEqual([200, 200, 204])
})
