import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StorageError } from '#storage-engine/errors.ts'
import { withKeepAlive } from '#storage-engine/s3/keep-alive.ts'
import { type S3Response, sendWhole, xmlResponse } from '#storage-engine/s3/s3-response.ts'
import { xmlDocument } from '#storage-engine/s3/xml-writer.ts'

const context = { method: 'POST', resource: '/b/k', requestId: 'R', hostId: 'H' }

async function answerOf(
  work: () => Promise<S3Response>,
): Promise<{ status: number; id: string | null; text: string; errors: unknown[] }> {
  const errors: unknown[] = []
  const respond = async (res: ServerResponse) => {
    const onError = (error: unknown) => void errors.push(error)
    const response = await withKeepAlive(res, {
      work: work(),
      headers: () => ['x-amz-request-id', 'R'],
      context,
      intervalMs: 20,
      onError,
      onEnd: () => undefined,
    })
    if (response !== null) sendWhole(res, { ...response, body: String(response.body) })
  }
  const server = createServer((_req, res) => void respond(res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const result = {
    status: answer.status,
    id: answer.headers.get('x-amz-request-id'),
    text: await answer.text(),
    errors,
  }
  server.close()
  server.closeAllConnections()
  return result
}

const done = () => xmlResponse(xmlDocument('Done', ''))

test('sends a quick answer as it is', async () => {
  const { text, status } = await answerOf(async () => done())
  expect([status, text]).toEqual([200, done().body])
})

test('shows a slow operation alive by white space, and ends with its document', async () => {
  const { text, id } = await answerOf(async () => {
    await sleep(150)
    return done()
  })
  expect(text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n {2,}<Done /)
  expect(id).toBe('R')
})

test('tells a late error as XML inside the 200, and to the log', async () => {
  const { status, text, errors } = await answerOf(async () => {
    await sleep(100)
    throw new StorageError('InvalidPart')
  })
  expect([status, errors.length]).toEqual([200, 1])
  expect(text).toMatch(/^<\?xml [^>]*>\n *<Error><Code>InvalidPart<\/Code>.*<RequestId>R<\/RequestId>/)
})
