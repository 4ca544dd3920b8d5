import { setTimeout as sleep } from 'node:timers/promises'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { StartupError } from '#storage-engine/errors.ts'
import type { Batcher } from '#storage-engine/metadata/batcher.ts'
import { createCommitBatcher } from '#storage-engine/metadata/commit-batcher.ts'
import type { CommitAnswer, CommitRow } from '#storage-engine/metadata/commit-sql.ts'
import { createDeleteBatcher, type DeleteRow, type DeleteVerdict } from '#storage-engine/metadata/delete-batcher.ts'
import {
  AS_TEXT,
  HotConnection,
  RECONNECT_MS_MAX,
  type Statement,
  type TextRow,
} from '#storage-engine/metadata/hot-connection.ts'
import { createLookUps, type LookUps } from '#storage-engine/metadata/look-ups.ts'
import { isConnectionError, toStorageError } from '#storage-engine/metadata/postgres-errors.ts'

/** RETURNING old.* and unnest with many arrays in one plan need it. */
const SERVER_VERSION_MIN = 180_000
const STATEMENT_TIMEOUT_MS = 30_000
const LOCK_TIMEOUT_MS = 10_000
const POOL_CONNECTIONS_MAX = 10
/** For commits and deletes, which wait for a flush. */
const WRITE_CONNECTIONS = 2
/** Apart from the others: a look-up must not stand in line behind a flush. */
const READ_CONNECTIONS = 2

export type Orm = NodePgDatabase

/** What most functions of this folder take: the database, or a transaction that their caller opened. */
export interface Queryable {
  /** Runs drizzle queries; failures come out as StorageError where one fits. */
  run<T>(work: (orm: Orm) => PromiseLike<T>): Promise<T>
  /** Runs one prepared statement; rows have the driver's types. */
  query<Row extends object>(statement: Statement): Promise<Row[]>
  /** The same with rows as arrays of what Postgres prints. */
  queryText(statement: Statement): Promise<TextRow[]>
  /** Runs `work` in one transaction; inside of a transaction it joins that one. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
}

export interface Database extends Queryable {
  readonly pool: pg.Pool
  readonly hot: HotConnection[]
  readonly commits: Batcher<CommitRow, CommitAnswer>
  readonly deletes: Batcher<DeleteRow, DeleteVerdict>
  readonly lookUps: LookUps
}

export interface OpenDatabaseInput {
  /** host (a socket directory or a name), port, user, password, database; or connectionString. */
  connection: pg.ClientConfig
  /** Pipelined connections for the batchers that write, and for those that read; 2 each by default. */
  writeConnections?: number
  readConnections?: number
  /** Connections for all other work; 10 by default. */
  poolConnections?: number
}

/**
 * Connects; Postgres may go away and come back later. Throws StartupError when the server is older than 18 and
 * ServiceUnavailable when it does not answer within five seconds.
 */
export async function openDatabase({
  connection,
  writeConnections = WRITE_CONNECTIONS,
  readConnections = READ_CONNECTIONS,
  poolConnections = POOL_CONNECTIONS_MAX,
}: OpenDatabaseInput): Promise<Database> {
  const config = withSessionSettings(connection)
  const pool = new pg.Pool({ ...config, max: poolConnections })
  // A connection was lost. In use: its query rejects with the same error. Idle: the pool drops it, and the next use opens
  // another. Being closed: nobody needs it any more.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  const connect = (count: number) => Array.from({ length: count }, () => new HotConnection(config))
  const writers = connect(writeConnections)
  const readers = connect(readConnections)
  const db: Database = {
    ...poolQueryable(pool),
    pool,
    hot: [...writers, ...readers],
    commits: createCommitBatcher(writers),
    deletes: createDeleteBatcher(writers),
    lookUps: createLookUps(readers),
  }
  try {
    await checkServerVersion(db)
  } catch (error) {
    await closeDatabase(db)
    throw error
  }
  return db
}

/** Callers finish their work first. */
export async function closeDatabase(db: Database): Promise<void> {
  await Promise.all([db.pool.end(), ...db.hot.map((connection) => connection.close())])
}

function withSessionSettings(connection: pg.ClientConfig): pg.ClientConfig {
  return {
    application_name: 'sceau',
    keepAlive: true,
    connectionTimeoutMillis: RECONNECT_MS_MAX,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    ...connection,
  }
}

function poolQueryable(pool: pg.Pool): Queryable {
  return {
    run: (work) => withClient(pool, (client) => work(ormOf(client))),
    query: (statement) => withClient(pool, (client) => queryRows(client, statement)),
    queryText: (statement) => withClient(pool, (client) => queryTextRows(client, statement)),
    transaction: (work) => withClient(pool, (client) => runTransaction(client, work)),
  }
}

/** Lends a connection; one that failed is thrown away. */
async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => PromiseLike<T>): Promise<T> {
  const client = await connectPatiently(pool)
  let lost = false
  try {
    return await work(client)
  } catch (error) {
    lost = isConnectionError(error)
    throw toStorageError(error)
  } finally {
    client.release(lost)
  }
}

/** Nothing has been sent yet, so trying again while Postgres restarts is safe. */
async function connectPatiently(pool: pg.Pool): Promise<pg.PoolClient> {
  const giveUpAt = performance.now() + RECONNECT_MS_MAX
  for (let pauseMs = 50; ; pauseMs *= 2) {
    try {
      return await pool.connect()
    } catch (error) {
      if (!isConnectionError(error) || pool.ending || performance.now() + pauseMs > giveUpAt)
        throw toStorageError(error)
    }
    await sleep(pauseMs)
  }
}

async function runTransaction<T>(client: pg.PoolClient, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const tx: Queryable = {
    run: (inner) => translated(inner(ormOf(client))),
    query: (statement) => translated(queryRows(client, statement)),
    queryText: (statement) => translated(queryTextRows(client, statement)),
    transaction: (inner) => inner(tx),
  }
  await client.query('begin')
  try {
    const result = await work(tx)
    await client.query('commit')
    return result
  } catch (error) {
    await rollBack(client, error)
    throw error
  }
}

/** When the connection is gone, the server rolls back by itself; `error` then tells the caller. */
async function rollBack(client: pg.PoolClient, error: unknown): Promise<void> {
  const cause = error instanceof Error ? error.cause : null
  if (isConnectionError(error) || isConnectionError(cause)) return
  await client.query('rollback')
}

async function translated<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw toStorageError(error)
  }
}

async function queryRows<Row extends object>(client: pg.PoolClient, statement: Statement): Promise<Row[]> {
  const result = await client.query<Row>(statement)
  return result.rows
}

async function queryTextRows(client: pg.PoolClient, statement: Statement): Promise<TextRow[]> {
  const result = await client.query({ ...statement, rowMode: 'array', types: AS_TEXT })
  return result.rows as TextRow[]
}

const orms = new WeakMap<pg.PoolClient, Orm>()

function ormOf(client: pg.PoolClient): Orm {
  const known = orms.get(client)
  if (known) return known
  const orm = drizzle(client)
  orms.set(client, orm)
  return orm
}

async function checkServerVersion(db: Queryable): Promise<void> {
  const [row] = await db.query<{ version: number }>({
    name: 'server-version',
    text: `select current_setting('server_version_num')::integer as version`,
    values: [],
  })
  const version = row?.version ?? 0
  if (version >= SERVER_VERSION_MIN) return
  throw new StartupError(
    `PostgreSQL ${Math.floor(version / 10_000)} is too old: DATABASE_URL must lead to PostgreSQL 18 or newer.`,
  )
}
