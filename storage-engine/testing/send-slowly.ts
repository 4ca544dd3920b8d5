import https from 'node:https'
import { text } from 'node:stream/consumers'
import { sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import type { TestCaller, TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

export interface SlowRequest {
  target: string
  document: string
  as: TestCaller
  /** What happens between the judgement of the request and its body. */
  meanwhile(): Promise<unknown>
}

/** PUTs a document as somebody who waits with its body, as anybody can; resolves to the body of the answer. */
export async function putSlowly(
  { port, ca, credentials }: TestGateway,
  { target, document, as, meanwhile }: SlowRequest,
): Promise<string> {
  const { headers } = signHeaders({
    method: 'PUT',
    target,
    headers: { host: `127.0.0.1:${port}`, 'content-length': String(document.length) },
    payloadHash: sha256(document),
    credentials: credentials[as],
  })
  const own = { ...headers, expect: '100-continue' }
  const request = https.request({ host: '127.0.0.1', port, ca, path: target, method: 'PUT', headers: own })
  request.flushHeaders()
  await new Promise((resolve) => request.once('continue', resolve))
  await meanwhile()
  request.end(document)
  return new Promise((resolve) => request.once('response', (response) => resolve(text(response))))
}
