import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { OPERATIONS } from '#storage-engine/s3/operation-table.ts'
import { HEADER_BYTES_MAX } from '#storage-engine/s3/server.ts'
import { requestForRow } from '#storage-engine/testing/operation-request.ts'
import { sendSigned } from '#storage-engine/testing/signed-request.ts'
import type { TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

const BUCKET = 'fuzzed'
/** What node:https refuses to send. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']
/** Of a head beyond the limit the server no longer knows the method, and answers a HEAD as any other. */
const HEAD_BYTES_MAX = HEADER_BYTES_MAX - 1_024
/** The transport's, which no client sets by itself. */
const TRANSPORT = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade', 'te'])

/**
 * The whole gateway, by requests whose signature is good: a request line, headers, an empty line and the body. It must
 * answer, and never with an error of its own.
 */
export async function openGatewayTarget(gateway: TestGateway): Promise<FuzzTarget> {
  const prepare = async () => {
    await sendSigned(gateway, { method: 'PUT', target: `/${BUCKET}` })
    await sendSigned(gateway, { method: 'PUT', target: `/${BUCKET}/key`, body: 'content' })
  }
  await prepare()
  let runs = 0
  return {
    name: 'gateway',
    seeds: OPERATIONS.map((row) => formatRequest(requestForRow(row, BUCKET))),
    tokens: [
      ...OPERATIONS.flatMap(({ query = [] }) => query.map((name) => `${name}=&`)),
      ...['versionId=null&', 'x-amz-copy-source: /fuzzed/key\n', 'range: bytes=0-1\n', 'if-match: *\n', '<Key>', '</'],
      ...['x-amz-tagging: a=b\n', 'x-amz-acl: public-read\n', 'x-amz-meta-a: b\n', 'content-md5: x\n', '{"Version":'],
    ],
    async run(input) {
      const request = parseRequest(input)
      if (request === null) return 'unsendable'
      if (runs++ % 50 === 49) await prepare()
      const answer = await sendSigned(gateway, request)
      if (answer.status >= 500 && answer.status !== 501) throw new Error(`${answer.status} ${answer.text}`)
      if (answer.headers['x-amz-request-id'] === undefined) throw new Error('An answer without a request id')
      return `${answer.status} ${answer.code}`
    },
  }
}

interface Request {
  method: string
  target: string
  headers?: Record<string, string>
  body?: Buffer | string
}

function formatRequest({ method, target, headers = {}, body = '' }: Request): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  return `${method} ${target}\n${lines.join('')}\n${Buffer.from(body).toString('latin1')}`
}

function parseRequest(input: Buffer): (Required<Request> & { payloadHash: string }) | null {
  const text = input.toString('latin1')
  const [head = '', ...rest] = text.split('\n\n')
  const [line = '', ...fields] = head.split('\n')
  const [method = '', target = ''] = line.split(' ', 2)
  if (head.length > HEAD_BYTES_MAX || !METHODS.includes(method) || !/^\/[\x21-\x7e]*$/.test(target)) return null
  const headers: Record<string, string> = {}
  for (const field of fields) {
    const at = field.indexOf(':')
    const name = field.slice(0, at).toLowerCase()
    const value = field.slice(at + 1).trim()
    if (at < 1 || !HEADER_NAME.test(name) || UNSENDABLE.test(value) || TRANSPORT.has(name)) continue
    headers[name] = value
  }
  return { method, target, headers, body: Buffer.from(rest.join('\n\n'), 'latin1'), payloadHash: 'UNSIGNED-PAYLOAD' }
}
