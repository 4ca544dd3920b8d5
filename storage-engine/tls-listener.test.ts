import { once } from 'node:events'
import fs from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { loadTlsOptions } from '#storage-engine/tls.ts'
import { listenTls } from '#storage-engine/tls-listener.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-listener-'))
let server: https.Server
let port: number
let ca: string
let requests = 0

beforeAll(async () => {
  const files = await ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1' })
  ca = fs.readFileSync(files.ca, 'utf8')
  server = https.createServer(loadTlsOptions(files), (_, response) => {
    requests++
    response.end('over TLS')
  })
  port = await listenTls({ server, port: 0, host: '127.0.0.1' })
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  fs.rmSync(directory, { recursive: true })
})

async function getOverTls(): Promise<string> {
  const [response] = await once(https.get({ host: '127.0.0.1', port, ca, agent: false }), 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

test('serves clients that speak TLS', async () => {
  expect(await getOverTls()).toBe('over TLS')
})

test('tells a client that speaks plain HTTP to use https, and serves it nothing', async () => {
  const before = requests
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
  let text = ''
  for await (const chunk of socket) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(text).toContain('https://')
  expect(text).not.toMatch(/location:/i)
  expect(requests).toBe(before)
})

test('survives connections that break off before, in and after their first byte', async () => {
  for (const bytes of ['', '\x16', '\x16\x03\x01\x02\x00\x01', 'G']) {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    if (bytes !== '') socket.write(bytes, 'latin1')
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.resetAndDestroy()
  }
  expect(await getOverTls()).toBe('over TLS')
})

test('rejects with the reason when the port is taken', async () => {
  const other = https.createServer()
  await expect(listenTls({ server: other, port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
