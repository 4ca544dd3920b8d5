import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { type RecordedExchange, withConnectionClose } from '#e2e/golden/capture.ts'

/** A body of more than this is relayed and not kept: the client's form of it shows in smaller ones too. */
const KEPT_BYTES_MAX = 65_536

export interface RecordingProxy {
  /** Where clients connect to, in place of the gateway. */
  endpoint: string
  /** What was recorded since the last call. */
  take(): RecordedExchange[]
  close(): void
}

export interface RecordingProxyInput {
  /** Of the gateway, whose certificate the proxy shows as its own. */
  port: number
  ca: string
  certFile: string
  keyFile: string
}

/** Relays TLS connections to a gateway and keeps what goes through them. Each connection carries one request. */
export async function startRecordingProxy(input: RecordingProxyInput): Promise<RecordingProxy> {
  const recorded: RecordedExchange[] = []
  const options = { cert: readFileSync(input.certFile), key: readFileSync(input.keyFile) }
  const server = tls.createServer(options, (client) =>
    relay(client, input, (exchange) => void (exchange !== null && recorded.push(exchange))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listener on 127.0.0.1 has no port')
  return {
    endpoint: `https://127.0.0.1:${address.port}`,
    take: () => recorded.splice(0),
    close: () => void server.close(),
  }
}

function relay(
  client: tls.TLSSocket,
  { port, ca }: RecordingProxyInput,
  onDone: (exchange: RecordedExchange | null) => void,
): void {
  const gateway = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' })
  let request = ''
  let isHeadSent = false
  let answer = ''
  client.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1')
    if (request.length <= KEPT_BYTES_MAX) request += text
    if (isHeadSent) {
      gateway.write(chunk)
    } else if (request.includes('\r\n\r\n')) {
      isHeadSent = true
      gateway.write(Buffer.from(withConnectionClose(request), 'latin1'))
    }
  })
  gateway.on('data', (chunk: Buffer) => {
    if (answer.length <= KEPT_BYTES_MAX) answer += chunk.toString('latin1')
    client.write(chunk)
  })
  // A client that goes away ends the conversation like any other.
  client.on('error', () => gateway.destroy())
  gateway.on('error', () => client.destroy())
  client.on('end', () => gateway.end())
  gateway.on('end', () => client.end())
  gateway.on('close', () => {
    client.end()
    onDone(isHeadSent && request.length <= KEPT_BYTES_MAX ? { request, ...outcomeOf(answer) } : null)
  })
}

/** Of the last answer: a 100 may stand before it. */
export function outcomeOf(answer: string): { status: number; code: string } {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)]
  return {
    status: Number(statuses.at(-1)?.[1] ?? 0),
    code: /<Error>.*?<Code>(.*?)<\/Code>/s.exec(answer)?.[1] ?? '',
  }
}
