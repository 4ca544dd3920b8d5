import fs from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { Actor } from '#storage-engine/accounts/actor.ts'
import { findActor, openSession, SESSION_COOKIE } from '#storage-engine/accounts/console-sessions.ts'
import { createPasswordHash } from '#storage-engine/accounts/password-hash.ts'
import { createConsoleServer } from '#storage-engine/console-server.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { insertUser, putMembership } from '#storage-engine/metadata/users.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { provideConsoleHost } from '#storage-engine/service/console-host.ts'
import { createService, type Service } from '#storage-engine/service/service.ts'
import { startTestEngine } from '#storage-engine/testing/test-engine.ts'
import { loadTlsOptions } from '#storage-engine/tls.ts'
import { listenTls } from '#storage-engine/tls-listener.ts'

export const PASSWORD = 'correct horse battery staple'

/** Who is who: `reader` and `writer` are members, and `admin` administers the service but belongs to no namespace. */
export type Person = 'owner' | 'reader' | 'writer' | 'auditor' | 'neighbour' | 'admin'

export interface ConsoleRequest {
  method?: string
  path: string
  /** Whose session; nobody's when null. */
  as: Person | null
  headers?: Record<string, string>
  body?: Buffer | string
}

export interface ConsoleAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is what it tests
  json: any
}

export interface TestConsole {
  engine: Engine
  service: Service
  port: number
  ca: string
  /** Ids of the two namespaces: `acme`, with all of the people but neighbour, and `globex`, with only neighbour. */
  namespaceIds: { acme: string; globex: string }
  userIds: Record<Person, string>
  /** A fresh session's token. */
  signIn(person: Person): Promise<string>
  actorOf(person: Person): Promise<Actor>
  /** Sends a request as a page of the console would. */
  send(request: ConsoleRequest): Promise<ConsoleAnswer>
  stop(): Promise<void>
}

/** The console's server over a real engine, with people in two namespaces; `serveNext` stands in for Next. */
export async function startTestConsole(
  serveNext: (request: IncomingMessage, response: ServerResponse) => Promise<void> = answerNotFound,
  environment: Record<string, string> = {},
): Promise<TestConsole> {
  const { engine, directory, stop } = await startTestEngine(environment)
  const service = createService(engine)
  provideConsoleHost({ service, log: engine.log, formSecret: 'of the tests' })
  const { namespaceIds, userIds } = await populate(engine)
  const files = await ensureLocalCertificate({
    directory: `${directory}/tls`,
    domain: 'localhost',
    region: 'us-east-1',
  })
  const ca = fs.readFileSync(files.ca, 'utf8')
  const server = createConsoleServer({ engine, tls: loadTlsOptions(files), serveNext })
  const port = await listenTls({ server, port: 0, host: '127.0.0.1' })
  const agent = new https.Agent({ keepAlive: true, ca })

  const signIn = (person: Person) => openSession(engine, { userId: userIds[person], address: null, userAgent: null })
  return {
    engine,
    service,
    port,
    ca,
    namespaceIds,
    userIds,
    signIn,
    async actorOf(person) {
      const actor = await findActor(engine, { token: await signIn(person), address: null, requestId: '' })
      if (actor === null) throw new Error(`${person} could not sign in`)
      return actor
    },
    async send({ as, headers = {}, ...request }) {
      const cookie: Record<string, string> = as === null ? {} : { cookie: `${SESSION_COOKIE}=${await signIn(as)}` }
      const origin = { origin: `https://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }
      return send(agent, port, { ...request, headers: { ...origin, ...cookie, ...headers } })
    },
    async stop() {
      agent.destroy()
      server.close()
      server.closeAllConnections()
      await service.close()
      await stop()
    },
  }
}

async function populate(engine: Engine) {
  const acme = await createNamespace(engine, { name: 'acme', displayName: 'Acme', encryptionMode: 'on' })
  const globex = await createNamespace(engine, { name: 'globex', displayName: 'Globex', encryptionMode: 'off' })
  const passwordHash = await createPasswordHash(PASSWORD)
  const userIds = {} as Record<Person, string>
  for (const username of ['owner', 'reader', 'writer', 'auditor', 'neighbour', 'admin'] as const) {
    userIds[username] = newId()
    const isAdministrator = username === 'admin'
    await insertUser(engine.db, {
      id: userIds[username],
      username,
      displayName: username,
      passwordHash,
      isAdministrator,
    })
  }
  const join = (namespaceId: string, person: Person, role: 'owner' | 'member' | 'auditor', permissions: string[]) =>
    putMembership(engine.db, { namespaceId, userId: userIds[person], role, permissions })
  await join(acme.namespaceId, 'owner', 'owner', [])
  await join(acme.namespaceId, 'reader', 'member', ['object-storage_read'])
  await join(acme.namespaceId, 'writer', 'member', ['object-storage_read', 'object-storage_write'])
  await join(acme.namespaceId, 'auditor', 'auditor', [])
  await join(globex.namespaceId, 'neighbour', 'owner', [])
  return { namespaceIds: { acme: acme.namespaceId, globex: globex.namespaceId }, userIds }
}

function send(
  agent: https.Agent,
  port: number,
  { method = 'GET', path, headers, body }: Omit<ConsoleRequest, 'as'>,
): Promise<ConsoleAnswer> {
  return new Promise((resolve, reject) => {
    const request = https.request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const content = Buffer.concat(chunks)
        const isJson = response.headers['content-type'] === 'application/json' && content.length > 0
        const json: unknown = isJson ? JSON.parse(content.toString()) : null
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content, json })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function answerNotFound(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(404).end()
}
