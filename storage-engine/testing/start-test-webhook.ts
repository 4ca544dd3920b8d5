import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { loadTlsOptions, type TlsOptions } from '#storage-engine/tls.ts'

export interface ReceivedMessage {
  headers: http.IncomingHttpHeaders
  body: string
}

export interface TestWebhook {
  /** `http://127.0.0.1:<port>/hook`, or https */
  url: string
  received: ReceivedMessage[]
  /** What later messages are answered with; 200 at first. */
  answer(status: number, headers?: Record<string, string>): void
  stop(): Promise<void>
}

/** A receiver of webhooks on this machine, which remembers what it got; over TLS by an authority that nobody knows. */
export async function startTestWebhook({ isTls = false } = {}): Promise<TestWebhook> {
  const received: ReceivedMessage[] = []
  let reply: { status: number; headers: Record<string, string> } = { status: 200, headers: {} }
  const receive = (req: http.IncomingMessage, res: http.ServerResponse) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString() })
      res.writeHead(reply.status, reply.headers).end('thanks')
    })
  }
  const server = isTls ? https.createServer(await selfMadeCertificate(), receive) : http.createServer(receive)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${isTls ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    received,
    answer(status, headers = {}) {
      reply = { status, headers }
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function selfMadeCertificate(): Promise<TlsOptions> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-webhook-'))
  const options = loadTlsOptions(await ensureLocalCertificate({ directory, domain: 'localhost', region: 'us-east-1' }))
  fs.rmSync(directory, { recursive: true })
  return options
}
