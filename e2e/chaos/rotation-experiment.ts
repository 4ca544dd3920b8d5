import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import type { KillCounts } from '#e2e/chaos/kill-experiment.ts'
import { createKiller, type Killer } from '#e2e/chaos/killer.ts'
import { nodesOf } from '#e2e/chaos/reclaim-experiment.ts'
import { readStill, readWhile, type Still, writeStills } from '#e2e/chaos/still-objects.ts'
import { type LoadReport, runUnderLoad } from '#e2e/chaos/under-load.ts'
import type { Product } from '#e2e/product.ts'
import { connectDatabase } from '#e2e/product-database.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'

export interface RotationExperiment {
  product: Product
  /** Of namespace key and root key each, under load and kills. */
  rounds: number
  report(line: string): void
}

export interface RotationReport {
  violations: string[]
  /** Reads of objects that stay as they are, and those of them whose first connection was lost with a gateway. */
  readCount: number
  retriedCount: number
  /** Calls of the load beside them. */
  callCount: number
  killed: KillCounts
}

const BUCKET = 'rotation'
const NAMESPACE = 'main'
const WAIT_MS_MAX = 120_000
const KILL_PAUSE_MS: [least: number, most: number] = [1_500, 3_000]
/** Longer than any session token may live, and than any process keeps an envelope key. */
const LONG_AGO = '3 days'

/**
 * Acceptance of key rotation: keys of root and namespace are rotated, everything is wrapped anew and old versions are retired
 * while a mixed load runs and gateways and jobs are killed. No answer to a read of what was there before may be wrong, and
 * whoever asks again when a connection is lost is answered; no stored byte may be written again; and a retired version must
 * not open anything, whatever an old backup of the database puts back. Ends early once a read was answered wrongly.
 */
export async function runRotationExperiment({ product, rounds, report }: RotationExperiment): Promise<RotationReport> {
  const client = createS3Client({ ...product, timeoutMs: 30_000 })
  const database = await connectDatabase(product)
  const killer = await createKiller(product)
  try {
    await client.call({ method: 'PUT', bucket: BUCKET })
    const stills = await writeStills(client, { product, bucket: BUCKET })
    const before = { places: await placesOf(database), backup: await backUpKeys(database) }
    const trial = { product, client, database, killer, stills, report }
    const reads = await readWhile(client, { bucket: BUCKET, stills }, (broken) =>
      rotateUnderLoad({ ...trial, broken }, rounds),
    )
    const { violations, readCount, retriedCount, result: load } = reads
    const counts = { readCount, retriedCount, callCount: load?.eventCount ?? 0, killed: killer.killed }
    if (load === null) return { violations, ...counts }

    violations.push(...load.violations.map(({ invariant, key, reason }) => `${invariant} ${key}: ${reason}`))
    violations.push(...(await checkNothingIsWritten(trial)))
    if (!isSame(await placesOf(database), before.places)) violations.push('blobs were given other places, or rewritten')
    violations.push(...(await checkBackupIsDead(trial, before.backup)))
    return { violations, ...counts }
  } finally {
    await killer.close()
    await database.end()
    client.close()
  }
}

interface Trial {
  product: Product
  client: S3Client
  database: Client
  killer: Killer
  stills: Still[]
  report(line: string): void
  /** There is nothing to wait for any more. */
  broken?: AbortSignal
}

async function rotateUnderLoad(trial: Trial, rounds: number): Promise<LoadReport<void>> {
  const { product, report } = trial
  const load = await runUnderLoad({ service: product, keyCount: 40, report }, () =>
    underKills(trial, async () => {
      for (let round = 1; round <= rounds; round++) report(`round ${round}/${rounds}: ${await rotateEverything(trial)}`)
    }),
  )
  load.client.close()
  return load
}

async function underKills({ killer, report }: Trial, work: () => Promise<void>): Promise<void> {
  let isOver = false
  const killing = async () => {
    const [least, most] = KILL_PAUSE_MS
    while (!isOver) {
      report(`killed ${await killer.kill()}`)
      await delay(least + Math.random() * (most - least))
    }
  }
  const ended = work().finally(() => {
    isOver = true
  })
  await Promise.all([ended, killing()])
}

interface KeysOfNamespace {
  keys: { version: number; state: string; dataKeyCount: number }[]
  rewrap: { state: string } | null
}

/** One rotation of each, as an administrator does it who waits for nothing but the counts. */
async function rotateEverything({ product, database, broken }: Trial): Promise<string> {
  const ofNamespace = ['--namespace', NAMESPACE, '--json']
  const run = async (...args: string[]) => JSON.parse(await product.command(['keys', ...args]))
  const wait = (what: string, holds: () => Promise<boolean>) => until(what, { holds, broken })
  const { keys }: KeysOfNamespace = await run('rotate', ...ofNamespace)
  const [newest, ...older] = keys.filter(({ state }) => state !== 'retired')
  // A write that is on its way may still end under the version before.
  for (let isClear = false; !isClear; ) {
    await run('rewrap', ...ofNamespace)
    await wait('the data keys to be wrapped again', async () => (await run(...ofNamespace)).rewrap.state === 'done')
    const now: KeysOfNamespace = await run(...ofNamespace)
    isClear = now.keys.every(({ version, dataKeyCount }) => version === newest?.version || dataKeyCount === 0)
  }
  for (const { version } of older) {
    await run('retire', ...ofNamespace, '--version', String(version), '--confirm', NAMESPACE)
  }

  const { rootKeys } = await run('rotate-root', '--json')
  await wait('the root key to wrap everything', async () => (await run('--json')).rootKeys[1].wrappedCount === 0)
  await database.query(
    `update root_keys set active_since = active_since - interval '${LONG_AGO}', replaced_at = replaced_at - interval '${LONG_AGO}'`,
  )
  await wait('the rotation to be settled', async () => (await run('--json')).rotation.state === 'done')
  await run('retire-root', '--json', '--confirm', rootKeys[1].id, '--version', String(rootKeys[1].version))
  return `namespace key ${newest?.version}, root key ${rootKeys[0].version}`
}

/** Rejects after two minutes, or once `broken` aborts. */
async function until(
  what: string,
  { holds, broken }: { holds: () => Promise<boolean>; broken?: AbortSignal | undefined },
): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS_MAX; !(await holds()); await delay(500)) {
    broken?.throwIfAborted()
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
async function checkNothingIsWritten(trial: Trial): Promise<string[]> {
  const { product } = trial
  const before = await filesOf(nodesOf(product.dataDir))
  if (before.length === 0) return ['no file of a node was there to be compared']
  await rotateEverything(trial)
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
async function checkBackupIsDead({ product, client, database, stills }: Trial, backup: KeysBackup): Promise<string[]> {
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
  await until('gateways to come back', {
    holds: async () => (await client.call({ method: 'HEAD', bucket: BUCKET })).status === 200,
  })
  const violations: string[] = []
  for (const still of stills) {
    const answer = await readStill(client, { bucket: BUCKET, still })
    if (answer.status !== 403) violations.push(`a retired key answers ${answer.status} ${answer.code} for ${still.key}`)
  }
  const rootKeys = await readFile(join(product.dataDir, 'root-keys.json'), 'utf8')
  if (JSON.parse(rootKeys).keys.length !== 1) violations.push('an old root key is still in the keyring file')
  return violations
}

function isSame(one: string[], other: string[]): boolean {
  return one.length > 0 && one.join('\n') === other.join('\n')
}
