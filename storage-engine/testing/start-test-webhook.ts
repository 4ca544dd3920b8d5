import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedMessage {
  headers: http.IncomingHttpHeaders
  body: string
}

export interface TestWebhook {
  /** `http://127.0.0.1:<port>/hook` */
  url: string
  received: ReceivedMessage[]
  /** What later messages are answered with; 200 at first. */
  answer(status: number, headers?: Record<string, string>): void
  stop(): Promise<void>
}

/** A receiver of webhooks on this machine, which remembers what it got. */
export async function startTestWebhook(): Promise<TestWebhook> {
  const received: ReceivedMessage[] = []
  let reply: { status: number; headers: Record<string, string> } = { status: 200, headers: {} }
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString() })
      res.writeHead(reply.status, reply.headers).end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
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
