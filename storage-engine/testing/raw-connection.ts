import tls from 'node:tls'
import { type SignInput, sha256, signHeaders } from '#storage-engine/testing/signed-request.ts'
import type { TestCaller, TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** Nothing waits for it but a server that neither answers nor closes, which is a failure. */
const SILENCE_MS = 20_000

export interface RawConversation {
  /** Status lines in order, without their version: `200 OK`. */
  statuses: string[]
  /** Content of each `<Code>`. */
  codes: string[]
  text: string
}

/**
 * Writes bytes to the gateway as they are, over TLS, and resolves to all that came once the server has closed the
 * connection; the bytes must make it do so. Rejects when it stays open in silence.
 */
export function converseRaw(gateway: TestGateway, bytes: Buffer | string): Promise<RawConversation> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, ca: gateway.ca, servername: 'localhost' })
    socket.setTimeout(SILENCE_MS, () => {
      socket.destroy()
      reject(new Error(`The server holds the connection open after: ${Buffer.concat(chunks)}`))
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A reset ends a conversation as well as a close.
    socket.on('error', () => {})
    socket.on('close', () => resolve(readConversation(Buffer.concat(chunks).toString('latin1'))))
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

function readConversation(text: string): RawConversation {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')
  return { statuses: all(/^HTTP\/1\.1 (.*?)\r$/gm), codes: all(/<Code>(.*?)<\/Code>/g), text }
}

export interface SignedLinesInput {
  method: string
  target: string
  headers?: Record<string, string>
  as?: TestCaller
  /** Of the body. */
  payloadHash?: SignInput['payloadHash']
}

/** Request line and headers of a request with a good signature, to be joined with CR LF. The connection ends after it. */
export function signedLines(gateway: TestGateway, input: SignedLinesInput): string[] {
  const { method, target, as = 'root', payloadHash = sha256('') } = input
  const headers = { host: `127.0.0.1:${gateway.port}`, ...input.headers }
  const credentials = gateway.credentials[as]
  const signed = signHeaders({ method, target, headers, payloadHash, credentials })
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${target} HTTP/1.1`, ...lines, 'connection: close']
}
