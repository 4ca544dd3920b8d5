import type { encryptionMigrations } from '#drizzle/schema/encryption-migrations.ts'
import { StorageError } from '#storage-engine/errors.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { type Notice, storeNotice } from '#storage-engine/notice.ts'

export type EncryptionMigration = typeof encryptionMigrations.$inferSelect
export type MigrationDirection = EncryptionMigration['direction']

const COLUMNS = `m.id, m.namespace_id as "namespaceId", m.direction, m.state, m.encryption_epoch as "encryptionEpoch", m.rate_limit::float8 as "rateLimit",
  m.done_count::float8 as "doneCount", m.done_bytes::float8 as "doneBytes", m.total_count::float8 as "totalCount", m.total_bytes::float8 as "totalBytes",
  m.bytes_per_second::float8 as "bytesPerSecond", m.position, m.started_by as "startedBy", m.message, m.created_at as "createdAt",
  m.updated_at as "updatedAt", m.ended_at as "endedAt"`

const IS_UNDER_WAY = `m.state in ('running', 'paused', 'cleaning')`

export interface NewMigration {
  id: string
  namespaceId: string
  /** Bytes of plaintext a second; null for no limit. */
  rateLimit: number | null
  /** Who asked for it, as people know them. */
  startedBy: string
}

/**
 * Begins the conversion of a namespace to what its switch says; one that is under way already goes on as it is. Inside of
 * the transaction that throws the switch, nobody sees one without the other.
 */
export async function insertMigration(
  db: Queryable,
  { id, namespaceId, rateLimit, startedBy }: NewMigration,
): Promise<void> {
  await db.query({
    name: 'insert-encryption-migration',
    // The share lock lets no switch pass between reading the epoch and writing it down.
    text: `
with n as materialized (select id, encryption_mode, encryption_epoch from namespaces where id = $2 for share)
insert into encryption_migrations (id, namespace_id, direction, state, encryption_epoch, rate_limit, started_by)
select $1, n.id, case n.encryption_mode when 'on' then 'encrypt' else 'decrypt' end, 'running', n.encryption_epoch, $3, $4 from n
on conflict (namespace_id) where state in ('running', 'paused', 'cleaning') do nothing`,
    values: [id, namespaceId, rateLimit, startedBy],
  })
}

/** Ends what is under way for another setting of the switch. */
export async function supersedeMigrations(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<void> {
  await db.query({
    name: 'supersede-encryption-migrations',
    text: `
update encryption_migrations m set state = 'cancelled', message = $2, bytes_per_second = null, updated_at = now(), ended_at = now()
from namespaces n where n.id = $1 and m.namespace_id = n.id and ${IS_UNDER_WAY} and m.encryption_epoch <> n.encryption_epoch`,
    values: [namespaceId, storeNotice({ code: 'switch-thrown-again', values: {} })],
  })
}

/** The one under way, else the last one; null when there never was any. */
export async function findLastMigration(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
): Promise<EncryptionMigration | null> {
  const [migration] = await db.query<EncryptionMigration>({
    name: 'find-last-encryption-migration',
    text: `select ${COLUMNS} from encryption_migrations m where m.namespace_id = $1 order by ${IS_UNDER_WAY} desc, m.created_at desc limit 1`,
    values: [namespaceId],
  })
  return migration ?? null
}

/** Of these namespaces, the migrations under way: one each at most. */
export function listMigrationsUnderWay(
  db: Queryable,
  { namespaceIds }: { namespaceIds: string[] },
): Promise<EncryptionMigration[]> {
  return db.query({
    name: 'list-encryption-migrations-under-way',
    text: `select ${COLUMNS} from encryption_migrations m where m.namespace_id = any($1::uuid[]) and ${IS_UNDER_WAY}`,
    values: [namespaceIds],
  })
}

/** Work for the job, oldest first. */
export function listActiveMigrations(db: Queryable, { limit }: { limit: number }): Promise<EncryptionMigration[]> {
  return db.query({
    name: 'list-active-encryption-migrations',
    text: `select ${COLUMNS} from encryption_migrations m where m.state in ('running', 'cleaning') order by m.created_at limit $1`,
    values: [limit],
  })
}

/** What a person may change while it runs; null when it is gone. */
export async function findMigrationOrders(
  db: Queryable,
  { id }: { id: string },
): Promise<Pick<EncryptionMigration, 'state' | 'rateLimit'> | null> {
  const [orders] = await db.query<Pick<EncryptionMigration, 'state' | 'rateLimit'>>({
    name: 'find-encryption-migration-orders',
    text: 'select state, rate_limit::float8 as "rateLimit" from encryption_migrations where id = $1',
    values: [id],
  })
  return orders ?? null
}

export interface ChangeMigration {
  namespaceId: string
  act: 'pause' | 'resume' | 'cancel' | 'set-rate'
  /** For `set-rate`. */
  rateLimit: number | null
}

const ACTS: Record<ChangeMigration['act'], { set: string; states: string }> = {
  pause: { set: `state = 'paused', bytes_per_second = null`, states: `'running'` },
  resume: { set: `state = 'running', message = null`, states: `'paused'` },
  cancel: {
    set: `state = 'cancelled', bytes_per_second = null, ended_at = now()`,
    states: `'running', 'paused', 'cleaning'`,
  },
  'set-rate': { set: 'rate_limit = $2::bigint', states: `'running', 'paused', 'cleaning'` },
}

/** What a person asks of the migration under way. Throws MigrationStateMismatch when its state does not allow it, or there is none. */
export async function changeMigration(db: Queryable, { namespaceId, act, rateLimit }: ChangeMigration): Promise<void> {
  const { set, states } = ACTS[act]
  const changed = await db.query({
    name: `${act}-encryption-migration`,
    text: `
update encryption_migrations m set ${set}, updated_at = now() where m.namespace_id = $1 and m.state in (${states}) returning id`,
    values: act === 'set-rate' ? [namespaceId, rateLimit] : [namespaceId],
  })
  if (changed.length === 0) throw new StorageError('MigrationStateMismatch')
}

export interface MigrationProgress {
  id: string
  doneCount: number
  doneBytes: number
}

/**
 * Adds to what is done, in the transaction that does it. False when the migration was paused or has ended, and nothing may
 * be done in its name any more: its row's lock settles which of the two was first.
 */
export async function advanceMigration(
  tx: Queryable,
  { id, doneCount, doneBytes }: MigrationProgress,
): Promise<boolean> {
  const advanced = await tx.query({
    name: 'advance-encryption-migration',
    text: `
update encryption_migrations set done_count = done_count + $2, done_bytes = done_bytes + $3, message = null, updated_at = now()
where id = $1 and state in ('running', 'cleaning') returning id`,
    values: [id, doneCount, doneBytes],
  })
  return advanced.length === 1
}

export interface NoteMigration {
  id: string
  totalCount?: number
  totalBytes?: number
  bytesPerSecond?: number | null
  position?: EncryptionMigration['position']
  notice?: Notice | null
  state?: 'cleaning'
}

const NOTED: Record<Exclude<keyof NoteMigration, 'id'>, string> = {
  totalCount: 'total_count',
  totalBytes: 'total_bytes',
  bytesPerSecond: 'bytes_per_second',
  position: 'position',
  notice: 'message',
  state: 'state',
}

/** Writes down what the job knows; one that was paused or has ended stays as it is. */
export async function noteMigration(db: Queryable, { id, ...facts }: NoteMigration): Promise<void> {
  const columns = Object.keys(facts) as (keyof typeof NOTED)[]
  const values = columns.map((column) => {
    if (column === 'position') return JSON.stringify(facts.position)
    return column === 'notice' ? storeNotice(facts.notice ?? null) : facts[column]
  })
  await db.query({
    name: `note-encryption-migration-${columns.join('-')}`,
    text: `
update encryption_migrations set ${columns.map((column, index) => `${NOTED[column]} = $${index + 2}`).join(', ')}, updated_at = now()
where id = $1 and state in ('running', 'cleaning')`,
    values: [id, ...values],
  })
}

/**
 * Ends a migration, unless the switch was thrown again or a person ended it before. `notice` is null when there is nothing
 * to say.
 */
export async function endMigration(
  db: Queryable,
  { id, state, notice }: { id: string; state: 'done' | 'failed'; notice: Notice | null },
): Promise<void> {
  await db.query({
    name: 'end-encryption-migration',
    text: `
with n as materialized (
  select n.id, n.encryption_epoch from namespaces n join encryption_migrations m on m.namespace_id = n.id where m.id = $1 for share of n)
update encryption_migrations m set state = $2, message = $3, bytes_per_second = null, updated_at = now(), ended_at = now()
from n where m.id = $1 and m.state in ('running', 'cleaning') and n.encryption_epoch = m.encryption_epoch`,
    values: [id, state, storeNotice(notice)],
  })
}

/** Namespaces that are wholly encrypted since some time after that moment: no row of a plain blob is left of them. */
export async function listLatelyEncrypted(db: Queryable, { since }: { since: Date }): Promise<string[]> {
  const rows = await db.query<{ id: string }>({
    name: 'list-lately-encrypted',
    text: `
select n.id from encryption_migrations m join namespaces n on n.id = m.namespace_id and n.encryption_epoch = m.encryption_epoch
where m.direction = 'encrypt' and m.state = 'done' and m.ended_at > $1`,
    values: [since],
  })
  return rows.map(({ id }) => id)
}
