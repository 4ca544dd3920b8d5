import fs from 'node:fs'
import https from 'node:https'
import { type IssuedAccessKey, issueAccessKey } from '#storage-engine/accounts/issue-access-key.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { createIamDoor } from '#storage-engine/iam/door.ts'
import { newId } from '#storage-engine/ids.ts'
import { ensureLocalCertificate } from '#storage-engine/local-authority.ts'
import { insertObjectUser, insertStorageAccount } from '#storage-engine/metadata/accounts.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'
import { type S3Server, type S3ServerInput, startS3Server } from '#storage-engine/s3/server.ts'
import { startTestEngine } from '#storage-engine/testing/test-engine.ts'
import { loadTlsOptions, type TlsOptions } from '#storage-engine/tls.ts'

/** `root` and `neighbour` are root users of the namespaces `acme` (sealed) and `globex` (not), the others belong to acme. */
export type TestCaller = 'root' | 'user' | 'account' | 'neighbour'

/** In ARNs. */
export const TEST_ACCOUNT_IDS = { acme: '123456789012', globex: '210987654321' } as const

export interface TestGateway {
  engine: Engine
  port: number
  /** Another door to the same engine, which has no credentials cached. The caller closes it. */
  openDoor(): Promise<S3Server>
  /** `https://127.0.0.1:<port>` */
  endpoint: string
  /** PEM of the certificate authority. */
  ca: string
  tls: TlsOptions
  agent: https.Agent
  credentials: Record<TestCaller, IssuedAccessKey>
  namespaceIds: { acme: string; globex: string }
  stop(): Promise<void>
}

export interface TestGatewayOptions extends Pick<S3ServerInput, 'timeouts' | 'now'> {
  /** Settings of the engine. */
  environment?: Record<string, string>
  keyClock?: () => number
}

/** The S3 door over TLS, on a real engine, with callers in two namespaces. */
export async function startTestGateway({
  environment = {},
  keyClock,
  ...options
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const { engine, directory, stop } = await startTestEngine(environment, keyClock === undefined ? {} : { keyClock })
  const files = await ensureLocalCertificate({
    directory: `${directory}/tls`,
    domain: 'localhost',
    region: 'us-east-1',
  })
  const ca = fs.readFileSync(files.ca, 'utf8')
  const tls = loadTlsOptions(files)
  const queryApi = createIamDoor(engine, options.now === undefined ? {} : { now: options.now })
  const openDoor = () => startS3Server({ engine, tls, port: 0, host: '127.0.0.1', queryApi, ...options })
  const server = await openDoor()
  const agent = new https.Agent({ keepAlive: true, ca })
  return {
    engine,
    port: server.port,
    openDoor,
    endpoint: `https://127.0.0.1:${server.port}`,
    ca,
    tls,
    agent,
    ...(await createCallers(engine)),
    async stop() {
      agent.destroy()
      await server.close()
      await stop()
    },
  }
}

async function createCallers(engine: Engine): Promise<Pick<TestGateway, 'credentials' | 'namespaceIds'>> {
  const acme = await createNamespace(engine, {
    name: 'acme',
    displayName: 'Acme',
    encryptionMode: 'on',
    accountId: TEST_ACCOUNT_IDS.acme,
  })
  const globex = await createNamespace(engine, {
    name: 'globex',
    displayName: 'Globex',
    encryptionMode: 'off',
    accountId: TEST_ACCOUNT_IDS.globex,
  })
  const { namespaceId } = acme
  const objectUserId = newId()
  const canonicalId = objectUserId.replaceAll('-', '').repeat(2)
  await insertObjectUser(engine.db, { id: objectUserId, namespaceId, canonicalId, displayName: 'user', email: null })
  const storageAccountId = newId()
  await insertStorageAccount(engine.db, { id: storageAccountId, namespaceId, name: 'account' })
  return {
    namespaceIds: { acme: namespaceId, globex: globex.namespaceId },
    credentials: {
      root: await issueAccessKey(engine, { namespaceId, objectUserId: acme.rootObjectUserId }),
      user: await issueAccessKey(engine, { namespaceId, objectUserId }),
      account: await issueAccessKey(engine, { namespaceId, storageAccountId }),
      neighbour: await issueAccessKey(engine, {
        namespaceId: globex.namespaceId,
        objectUserId: globex.rootObjectUserId,
      }),
    },
  }
}
