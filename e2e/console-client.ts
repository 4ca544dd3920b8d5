import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'

/** The console's data door as a signed-in browser uses it. Every call rejects unless it answers 2xx. */
export interface ConsoleClient {
  upload(input: { object: ConsoleObject; body: Buffer }): Promise<void>
  uploadParts(input: { object: ConsoleObject; parts: Buffer[] }): Promise<void>
  close(): void
}

export interface ConsoleObject {
  namespace: string
  bucket: string
  key: string
}

export interface ConsoleAccount {
  consoleUrl: string
  caFile: string
  adminUsername: string | null
  adminPassword: string | null
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

interface Call {
  method: string
  path: string
  headers?: Record<string, string>
  body?: Buffer | string
}

/** Signs in as the first administrator, whose password only a new installation tells. */
export async function createConsoleClient(account: ConsoleAccount): Promise<ConsoleClient> {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(account.caFile) })
  const cookies = new Map<string, string>()

  async function call({ method, path, headers = {}, body }: Call): Promise<Answer> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { origin: account.consoleUrl, 'sec-fetch-site': 'same-origin', cookie, ...headers }
    const answer = await exchange({ agent, url: account.consoleUrl + path, method, headers: sent, body })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, value)
    }
    if (answer.status >= 200 && answer.status < 300) return answer
    throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.slice(0, 500)}`)
  }

  await signIn(call, account)
  return {
    async upload({ object, body }) {
      await call({ method: 'PUT', path: dataPath(object, '/object'), body })
    },
    async uploadParts({ object, parts }) {
      const { uploadId } = JSON.parse((await call({ method: 'POST', path: dataPath(object, '/uploads') })).body)
      const sent: unknown[] = []
      for (const [index, body] of parts.entries()) {
        const path = dataPath(object, `/uploads/${uploadId}/parts/${index + 1}`)
        sent.push(JSON.parse((await call({ method: 'PUT', path, body })).body))
      }
      await call({
        method: 'POST',
        path: dataPath(object, `/uploads/${uploadId}/complete`),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ parts: sent }),
      })
    },
    close: () => agent.destroy(),
  }
}

async function signIn(call: (input: Call) => Promise<Answer>, account: ConsoleAccount): Promise<void> {
  const { adminUsername, adminPassword } = account
  if (adminUsername === null || adminPassword === null)
    throw new Error('The password of an old installation is not known')
  const { csrfToken } = JSON.parse((await call({ method: 'GET', path: '/api/auth/csrf' })).body)
  await call({
    method: 'POST',
    path: '/api/auth/callback/credentials',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      csrfToken,
      username: adminUsername,
      password: adminPassword,
      json: 'true',
    }).toString(),
  })
}

function dataPath({ namespace, bucket, key }: ConsoleObject, resource: string): string {
  return `/_data/${namespace}/${bucket}${resource}?key=${encodeURIComponent(key)}`
}

interface Exchange {
  agent: Agent
  url: string
  method: string
  headers: Record<string, string>
  body: Buffer | string | undefined
}

function exchange({ agent, url, method, headers, body = '' }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body))
    const req = httpsRequest(url, { agent, method, headers: { ...headers, 'content-length': length } }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    req.on('error', reject)
    req.end(body)
  })
}
