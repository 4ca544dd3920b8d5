import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { LeanConnection } from '#bench/lean-connection.ts'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'

const filler = randomBytes(10_000)
let directory = ''
let server: Server
let connection: LeanConnection
let answer: (req: IncomingMessage, res: ServerResponse) => void

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lean-'))
  const files = await ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1' })
  server = createServer({ key: await readFile(files.key), cert: await readFile(files.cert) }, (req, res) =>
    answer(req, res),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => connection.close())
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await rm(directory, { recursive: true })
})

async function open(): Promise<LeanConnection> {
  const { port } = server.address() as AddressInfo
  connection = await LeanConnection.open({
    host: '127.0.0.1',
    port,
    ca: await readFile(join(directory, 'ca.pem'), 'utf8'),
    filler,
  })
  return connection
}
const request = (method: string, bodyBytes = 0) => ({
  head: Buffer.from(`${method} /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bodyBytes}\r\n\r\n`),
  fillerBytes: bodyBytes,
  bodyless: method === 'HEAD',
})

it('counts bodies with a length, chunked ones, and none, over one connection', async () => {
  const lean = await open()
  answer = (_, res) => res.end('hello')
  expect(await lean.exchange(request('GET'))).toEqual({ status: 200, bodyBytes: 5, text: '' })
  answer = (_, res) => {
    res.setHeader('content-length', 500_000)
    res.end(randomBytes(500_000))
  }
  expect(await lean.exchange(request('GET'))).toMatchObject({ status: 200, bodyBytes: 500_000 })
  expect(await lean.exchange(request('HEAD'))).toMatchObject({ status: 200, bodyBytes: 0 })
  answer = (_, res) => {
    res.write('a')
    setTimeout(() => res.end('b'), 20)
  }
  expect(await lean.exchange(request('GET'))).toMatchObject({ status: 200 })
  answer = (_, res) => res.writeHead(204).end()
  expect(await lean.exchange(request('DELETE'))).toMatchObject({ status: 204, bodyBytes: 0 })
})

it('sends a body of any size from its filler', async () => {
  const lean = await open()
  let received = Buffer.alloc(0)
  answer = async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    received = Buffer.concat(chunks)
    res.end()
  }
  await lean.exchange(request('PUT', 25_000))
  expect(received.equals(Buffer.concat([filler, filler, filler.subarray(0, 5_000)]))).toBe(true)
})

it('keeps the text of a failure', async () => {
  const lean = await open()
  answer = (_, res) => res.writeHead(503).end('<Code>SlowDown</Code>')
  const { status, text } = await lean.exchange(request('GET'))
  expect(status).toBe(503)
  expect(text).toContain('SlowDown')
})

it('rejects when the server hangs up', async () => {
  const lean = await open()
  answer = (req) => req.socket.destroy()
  await expect(lean.exchange(request('GET'))).rejects.toThrow()
})
