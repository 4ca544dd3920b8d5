import { createHash, randomBytes } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { loadKeys, startLoad } from '#e2e/chaos/load.ts'
import { nodesOf } from '#e2e/chaos/reclaim-experiment.ts'
import { createRecorder } from '#e2e/chaos/recorder.ts'
import { makeValue, type Value } from '#e2e/chaos/values.ts'
import type { Product } from '#e2e/product.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'
import { findDatabaseUrl } from '#storage-engine/postgres.ts'

export interface RotationExperiment {
  product: Product
  /** Of namespace key and root key each. */
  rounds: number
  report(line: string): void
}

export interface RotationReport {
  violations: string[]
  /** Reads of objects that stay as they are. */
  readCount: number
  /** Calls of the load beside them. */
  callCount: number
}

interface Still {
  key: string
  value: Value
  /** With which it is written; of SSE-C they come with each read, too. */
  headers: Record<string, string>
  readHeaders: Record<string, string>
}

const BUCKET = 'rotation'
const NAMESPACE = 'main'
const KIB = 1024
const SIZES = [16, 4 * KIB, 64 * KIB, 256 * KIB + 1, 2048 * KIB]
const PART_BYTES = 5 * 1024 * KIB
const WAIT_MS_MAX = 120_000
/** Longer than any session token may live, and than any process keeps an envelope key. */
const LONG_AGO = '3 days'

/**
 * Acceptance of key rotation: keys of root and namespace are rotated, everything is wrapped anew and old versions are retired
 * while a mixed load runs. No read of what was there before may fail, no stored byte may be written again, and a retired
 * version must not open anything, whatever an old backup of the database puts back.
 */
export async function runRotationExperiment({ product, rounds, report }: RotationExperiment): Promise<RotationReport> {
  const client = createS3Client({ ...product, timeoutMs: 30_000 })
  const database = new Client({ connectionString: findDatabaseUrl(join(product.dataDir, 'postgres')) })
  // The product may end first when the experiment fails; its own error is the one to tell.
  database.on('error', () => {})
  await database.connect()
  const violations: string[] = []
  try {
    await client.call({ method: 'PUT', bucket: BUCKET })
    await client.call({ method: 'PUT', bucket: 'busy' })
    const stills = await writeStills(product, client)
    const places = await placesOf(database)
    const backup = await backUpKeys(database)
    const recorder = createRecorder(client, 'busy')
    const load = startLoad(recorder, loadKeys(40))
    const readers = startReaders(client, { stills, violations })
    for (let round = 1; round <= rounds; round++) {
      report(`round ${round}: ${await rotateEverything(product, database)}`)
    }
    await load.stop()
    const readCount = await readers.stop()
    if (!isSame(await placesOf(database), places)) violations.push('blobs were given other places, or rewritten')
    violations.push(...(await checkNothingIsWritten(product, database)))
    violations.push(...(await checkBackupIsDead(product, { client, database, backup, stills })))
    return { violations, readCount, callCount: recorder.events.length }
  } finally {
    await database.end()
    client.close()
  }
}

/** Objects of every size and every kind of second key, and one of several parts. */
async function writeStills(product: Product, client: S3Client): Promise<Still[]> {
  await product.command(['named-keys', '--create', 'aws/s3'])
  const customerKey = randomBytes(32)
  const sse = 'x-amz-server-side-encryption'
  const customer = {
    [`${sse}-customer-algorithm`]: 'AES256',
    [`${sse}-customer-key`]: customerKey.toString('base64'),
    [`${sse}-customer-key-md5`]: createHash('md5').update(customerKey).digest('base64'),
  }
  const plain = SIZES.map((size) => ({ key: `size-${size}`, value: makeValue(size), headers: {}, readHeaders: {} }))
  const stills: Still[] = [
    ...plain,
    { key: 'kms', value: makeValue(70_000), headers: { [sse]: 'aws:kms' }, readHeaders: {} },
    { key: 'customer', value: makeValue(70_000), headers: customer, readHeaders: customer },
  ]
  for (const { key, value, headers } of stills) {
    const { status } = await client.call({ method: 'PUT', bucket: BUCKET, key, body: value.body, headers })
    if (status !== 200) throw new Error(`PUT ${key} answered ${status}`)
  }
  const value = makeValue(2 * PART_BYTES)
  await createRecorder(client, BUCKET).multipart({ key: 'parts', value, partCount: 2, ending: 'complete' })
  return [...stills, { key: 'parts', value, headers: {}, readHeaders: {} }]
}

/** Reads them all, again and again. */
function startReaders(
  client: S3Client,
  { stills, violations }: { stills: Still[]; violations: string[] },
): { stop(): Promise<number> } {
  let stopped = false
  let count = 0
  const readers = [0, 1].map(async () => {
    while (!stopped) {
      for (const still of stills) {
        const problem = await read(client, still)
        if (problem !== null) violations.push(`a read was interrupted: ${problem}`)
        count++
        await delay(5)
      }
    }
  })
  return {
    async stop() {
      stopped = true
      await Promise.all(readers)
      return count
    },
  }
}

async function read(client: S3Client, { key, value, readHeaders }: Still): Promise<string | null> {
  const answer = await client.call({ method: 'GET', bucket: BUCKET, key, headers: readHeaders })
  if (answer.status !== 200) return `GET ${key} answered ${answer.status} ${answer.code}`
  return answer.body.equals(value.body) ? null : `GET ${key} answered other bytes`
}

interface KeysOfNamespace {
  keys: { version: number; state: string; dataKeyCount: number }[]
  rewrap: { state: string } | null
}

/** One rotation of each, as an administrator does it who waits for nothing but the counts. */
async function rotateEverything(product: Product, database: Client): Promise<string> {
  const ofNamespace = ['--namespace', NAMESPACE, '--json']
  const run = async (...args: string[]) => JSON.parse(await product.command(['keys', ...args]))
  const { keys }: KeysOfNamespace = await run('rotate', ...ofNamespace)
  const [newest, ...older] = keys.filter(({ state }) => state !== 'retired')
  // A write that is on its way may still end under the version before.
  for (let isClear = false; !isClear; ) {
    await run('rewrap', ...ofNamespace)
    await until(async () => (await run(...ofNamespace)).rewrap.state === 'done', 'the data keys to be wrapped again')
    const now: KeysOfNamespace = await run(...ofNamespace)
    isClear = now.keys.every(({ version, dataKeyCount }) => version === newest?.version || dataKeyCount === 0)
  }
  for (const { version } of older) {
    await run('retire', ...ofNamespace, '--version', String(version), '--confirm', NAMESPACE)
  }

  const { rootKeys } = await run('rotate-root', '--json')
  await until(async () => (await run('--json')).rootKeys[1].wrappedCount === 0, 'the root key to wrap everything')
  await database.query(
    `update root_keys set active_since = active_since - interval '${LONG_AGO}', replaced_at = replaced_at - interval '${LONG_AGO}'`,
  )
  await until(async () => (await run('--json')).rotation.state === 'done', 'the rotation to be settled')
  await run('retire-root', '--json', '--confirm', rootKeys[1].id, '--version', String(rootKeys[1].version))
  return `namespace key ${newest?.version}, root key ${rootKeys[0].version}`
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS_MAX; !(await holds()); await delay(500)) {
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`)
  }
}

/** Where every byte of the objects lies that stay as they are. */
async function placesOf(database: Client): Promise<string[]> {
  const { rows } = await database.query(
    `select f.blob_id || ' ' || f.locator || ' ' || f.stored_size as place from buckets b join object_versions o on o.bucket_id = b.id
     left join parts p on p.upload_id = o.upload_id join blobs f on f.blob_id = coalesce(o.blob_id, p.blob_id) where b.name = $1 order by 1`,
    [BUCKET],
  )
  return rows.map(({ place }) => place)
}

/** Without a load beside it, a rotation changes no file with data of any node at all. */
async function checkNothingIsWritten(product: Product, database: Client): Promise<string[]> {
  const before = await filesOf(nodesOf(product.dataDir))
  if (before.length === 0) return ['no file of a node was there to be compared']
  await rotateEverything(product, database)
  const after = await filesOf(nodesOf(product.dataDir))
  const changed = after.filter((file) => !before.includes(file)).concat(before.filter((file) => !after.includes(file)))
  return changed.map((file) => `a rotation wrote to files of a node: ${file}`)
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    // Processes touch their leases of a node now and then; those hold no data.
    .filter((entry) => entry.isFile() && basename(entry.parentPath) !== 'writers')
    .map((entry) => join(entry.parentPath, entry.name))
  const described = files.map(async (file) => {
    const { size, mtimeMs, ino } = await lstat(file)
    return `${file} ${size} ${mtimeMs} ${ino}`
  })
  return (await Promise.all(described)).sort()
}

interface KeysBackup {
  namespaceKeys: { namespace_id: string; version: number; wrapped_key: Buffer; token_id: string }[]
  versions: { bucket_id: string; key: string; wrapped_data_key: Buffer; namespace_key_version: number }[]
}

async function backUpKeys(database: Client): Promise<KeysBackup> {
  const keys = await database.query(
    `select k.* from namespace_keys k join namespaces n on n.id = k.namespace_id where n.name = $1`,
    [NAMESPACE],
  )
  const versions = await database.query(
    `select o.bucket_id, o.key, o.wrapped_data_key, o.namespace_key_version from object_versions o join buckets b on b.id = o.bucket_id where b.name = $1`,
    [BUCKET],
  )
  return { namespaceKeys: keys.rows, versions: versions.rows }
}

/** Puts the keys of before the first rotation back into the database: no process may open anything with them. */
async function checkBackupIsDead(
  product: Product,
  input: { client: S3Client; database: Client; backup: KeysBackup; stills: Still[] },
): Promise<string[]> {
  const { client, database, backup, stills } = input
  for (const { namespace_id, version, wrapped_key, token_id } of backup.namespaceKeys) {
    await database.query(
      `update namespace_keys set wrapped_key = $3, token_id = $4, state = 'decrypt-only' where namespace_id = $1 and version = $2`,
      [namespace_id, version, wrapped_key, token_id],
    )
  }
  for (const { bucket_id, key, wrapped_data_key, namespace_key_version } of backup.versions) {
    await database.query(
      'update object_versions set wrapped_data_key = $3, namespace_key_version = $4 where bucket_id = $1 and key = $2',
      [bucket_id, key, wrapped_data_key, namespace_key_version],
    )
  }
  for (const pid of product.pids('gateway')) process.kill(pid, 'SIGKILL')
  await until(
    async () => (await client.call({ method: 'HEAD', bucket: BUCKET })).status === 200,
    'gateways to come back',
  )
  const violations: string[] = []
  for (const still of stills) {
    const answer = await client.call({ method: 'GET', bucket: BUCKET, key: still.key, headers: still.readHeaders })
    if (answer.status !== 403) violations.push(`a retired key answers ${answer.status} ${answer.code} for ${still.key}`)
  }
  const rootKeys = await readFile(join(product.dataDir, 'root-keys.json'), 'utf8')
  if (JSON.parse(rootKeys).keys.length !== 1) violations.push('an old root key is still in the keyring file')
  return violations
}

function isSame(one: string[], other: string[]): boolean {
  return one.length > 0 && one.join('\n') === other.join('\n')
}
