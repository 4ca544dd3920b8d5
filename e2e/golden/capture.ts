import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a client sent, byte by byte, and how it was answered. */
export interface Capture {
  client: string
  version: string
  /** In the order in which they were answered. */
  exchanges: RecordedExchange[]
}

export interface RecordedExchange {
  /** Request line, headers and body as they came out of TLS, one character a byte. */
  request: string
  status: number
  /** Of an S3 error; '' otherwise. */
  code: string
}

/** Known to everybody, as it stands in the captures: it opens nothing but the scratch installations of the tests. */
export const GOLDEN_CREDENTIALS = {
  accessKeyId: 'AKIAGOLDENCAPTURE000',
  secretAccessKey: 'no-secret-at-all-but-forty-characters-00',
}

const FOLDER = fileURLToPath(new URL('./captures', import.meta.url))

export function readCaptures(): Capture[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Capture)
}

/** Returns the file's path. */
export function writeCapture(capture: Capture): string {
  const file = join(FOLDER, `${capture.client.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(capture, null, 1)}\n`)
  return file
}

/** Asks for the connection's end after the answer. Connection is never signed, so that the rest stays as it is. */
export function withConnectionClose(request: string): string {
  const end = request.indexOf('\r\n\r\n') + 2
  const head = request.slice(0, end).replace(/^connection:.*\r\n/gim, '')
  const line = head.indexOf('\r\n') + 2
  return `${head.slice(0, line)}Connection: close\r\n${head.slice(line)}${request.slice(end)}`
}
