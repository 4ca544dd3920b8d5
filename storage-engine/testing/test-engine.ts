import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createBucket } from '#storage-engine/buckets/create-bucket.ts'
import { readConfig } from '#storage-engine/config.ts'
import { type CreateEngineInput, createEngine, type Engine } from '#storage-engine/engine.ts'
import { createLog } from '#storage-engine/log.ts'
import type { Bucket } from '#storage-engine/metadata/buckets.ts'
import { createTestDatabase, type TestDatabase } from '#storage-engine/metadata/test-database.ts'
import { createNamespace } from '#storage-engine/namespaces/create-namespace.ts'

export interface TestEngine {
  engine: Engine
  /** Removed by stop. */
  directory: string
  /** Another engine on the same database and nodes, as a second process would have. */
  open(environment?: Record<string, string>): Promise<Engine>
  database: Pick<TestDatabase, 'copy'>
  stop(): Promise<void>
}

/** A whole engine on a fresh database and a fresh node directory: real Postgres, real disk, real keys. */
export async function startTestEngine(
  environment: Record<string, string> = {},
  options: Pick<CreateEngineInput, 'keyClock'> = {},
): Promise<TestEngine> {
  const database = await createTestDatabase()
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-test-'))
  const open = (changes: Record<string, string> = {}) => {
    const env = {
      SCEAU_DATA_DIR: directory,
      DATABASE_URL: database.connection.connectionString,
      SCEAU_ROOT_KEY_FILE: path.join(directory, 'root-key.json'),
      SCEAU_NODE_FULL_PERCENT: '100',
      ...environment,
      ...changes,
    }
    const config = readConfig({ env, directory })
    return createEngine(config, { log: createLog({ level: 'fatal', role: 'test' }), role: 'supervisor', ...options })
  }
  const remove = async () => {
    await database.drop()
    fs.rmSync(directory, { recursive: true, force: true })
  }
  const engine = await open().catch(async (error) => {
    await remove()
    throw error
  })
  return {
    engine,
    directory,
    database,
    open,
    async stop() {
      await engine.close()
      await remove()
    },
  }
}

/** A bucket in a namespace of its own, owned by the namespace's root object user. */
export async function createTestBucketIn(
  engine: Engine,
  { encryptionMode = 'on' }: { encryptionMode?: 'off' | 'on' } = {},
): Promise<Bucket> {
  const name = `test-${randomUUID()}`
  const { namespaceId, rootObjectUserId } = await createNamespace(engine, { name, displayName: name, encryptionMode })
  return createBucket(engine, { namespaceId, ownerId: rootObjectUserId, name, region: 'us-east-1' })
}
