import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'

export interface Readiness {
  isReady: boolean
  /** One word a part: up or down. */
  parts: Record<string, 'up' | 'down'>
}

export interface PrivateListenerInput {
  port: number
  findReadiness: () => Promise<Readiness>
  /** Prometheus text. */
  collectMetrics: () => Promise<string>
}

/**
 * What operators and orchestrators ask, on 127.0.0.1 only, since it is not authenticated: /healthz (this process lives),
 * /readyz (every part can work; 503 when not), /metrics. Returns the function that closes it.
 */
export async function startPrivateListener(input: PrivateListenerInput): Promise<() => Promise<void>> {
  const server = createServer((req, res) => {
    answer(input, req, res).catch((error) => {
      res.destroy(error instanceof Error ? error : undefined)
    })
  })
  server.listen({ port: input.port, host: '127.0.0.1' })
  await once(server, 'listening')
  return async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
}

async function answer(input: PrivateListenerInput, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = req.url?.split('?')[0]
  if (req.method !== 'GET' && req.method !== 'HEAD') return send(res, 405, 'text/plain', 'GET only\n')
  if (path === '/healthz') return send(res, 200, 'text/plain', 'ok\n')
  if (path === '/readyz') {
    const readiness = await input.findReadiness()
    return send(res, readiness.isReady ? 200 : 503, 'application/json', `${JSON.stringify(readiness)}\n`)
  }
  if (path === '/metrics') return send(res, 200, 'text/plain; version=0.0.4', await input.collectMetrics())
  send(res, 404, 'text/plain', 'There are /healthz, /readyz and /metrics.\n')
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body)
}
