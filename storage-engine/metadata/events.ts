import type { Queryable } from '#storage-engine/metadata/database.ts'

/** What is known of an event before it happens; the transaction in which it happens adds time, version, size and ETag. */
export interface EventDetails {
  bucketName: string
  /** The object user who owns the bucket. */
  bucketOwnerId: string
  region: string
  /** Who did it, as an event names principals. */
  principalId: string
  /** Null when no client did it. */
  sourceIp: string | null
  requestId: string
  /** Parts of the record that only events of this kind have: `glacierEventData`, `lifecycleEventData`. */
  extra?: Record<string, unknown>
}

/** The events that a change may turn out to be, by name (`ObjectRemoved:Delete`), as far as somebody asked for them. */
export interface PendingEvents {
  details: EventDetails
  targets: Record<string, { arn: string; configurationId: string }>
}

export interface HappenedEvent {
  bucketId: string
  key: string
  name: string
  pending: PendingEvents
  /** As clients see it; in a bucket that was never versioned it is not told. */
  versionId: string | null
  /** Null where an event has none. */
  size: number | null
  etag: string | null
}

/** Notes what happened, in the transaction in which it happened and under its key's lock. Nobody asked: nothing is noted. */
export async function insertEvent(tx: Queryable, event: HappenedEvent): Promise<void> {
  const target = event.pending.targets[event.name]
  if (target === undefined) return
  await tx.query({
    name: 'insert-event',
    text: `
insert into events (namespace_id, bucket_id, key, event_name, target_arn, details, version_id, size, etag, happened_at)
select namespace_id, id, $2, $3, $4, $5::jsonb, case when versioning <> 'unversioned' then $6::text end, $7::bigint, $8, clock_timestamp() from buckets where id = $1`,
    values: [
      event.bucketId,
      event.key,
      event.name,
      target.arn,
      JSON.stringify({ ...event.pending.details, configurationId: target.configurationId }),
      event.versionId,
      event.size,
      event.etag,
    ],
  })
}

/** Notes that a version went for good: S3 tells no size and no ETag of it. */
export async function insertRemovalEvent(
  tx: Queryable,
  event: Omit<HappenedEvent, 'name' | 'size' | 'etag'>,
): Promise<void> {
  const name = Object.keys(event.pending.targets).find((candidate) => candidate.endsWith(':Delete'))
  if (name !== undefined) await insertEvent(tx, { ...event, name, size: null, etag: null })
}

export interface DueEvent {
  id: number
  namespaceId: string
  bucketId: string
  key: string
  eventName: string
  targetArn: string
  details: EventDetails & { configurationId: string }
  versionId: string | null
  size: number | null
  etag: string | null
  happenedAt: Date
  /** Attempts that failed. */
  attemptCount: number
}

/**
 * Events that may go out now, longest due first: of one key and target only the oldest that is left, so that each target
 * hears of a key in the order in which it changed. Left out are `exceptIds` and all of `exceptNamespaces`.
 */
export function pageDueEvents(
  db: Queryable,
  {
    limit,
    exceptIds = [],
    exceptNamespaces = [],
  }: { limit: number; exceptIds?: number[]; exceptNamespaces?: string[] },
): Promise<DueEvent[]> {
  return db.query({
    name: 'page-due-events',
    text: `
select e.id::float8 as id, e.namespace_id as "namespaceId", e.bucket_id as "bucketId", e.key, e.event_name as "eventName", e.target_arn as "targetArn",
  e.details, e.version_id as "versionId", e.size::float8 as size, e.etag, e.happened_at as "happenedAt", e.attempt_count as "attemptCount"
from events e
where e.died_at is null and e.due_at <= now() and e.id <> all($2::bigint[]) and e.namespace_id <> all($3::uuid[]) and not exists (
  select from events earlier where earlier.died_at is null and earlier.bucket_id = e.bucket_id and earlier.key = e.key
    and earlier.id < e.id and earlier.target_arn = e.target_arn)
order by e.due_at, e.id limit $1`,
    values: [limit, exceptIds, exceptNamespaces],
  })
}

/** Whether anything in the outbox may go out, or waits for what may. */
export async function hasDueEvents(db: Queryable): Promise<boolean> {
  const [answer] = await db.query<{ found: boolean }>({
    name: 'has-due-events',
    text: 'select exists (select from events where died_at is null and due_at <= now()) as found',
    values: [],
  })
  return answer?.found === true
}

export interface DeliveryAttempt {
  event: DueEvent
  durationMs: number
  /** Of the webhook's answer; null when there was none. */
  status: number | null
  /** Null when it was delivered. */
  error: string | null
  /** Of a failure: the pause before the next attempt; null gives the event up. */
  retrySeconds: number | null
}

/** Writes an attempt to the delivery log; the event is gone, due again later, or given up. */
export async function recordDelivery(db: Queryable, attempt: DeliveryAttempt): Promise<void> {
  const { event, durationMs, status, error, retrySeconds } = attempt
  await db.query({
    name: 'record-delivery',
    text: `
with delivered as (delete from events where id = $1 and $9::text is null),
failed as (
  update events set attempt_count = attempt_count + 1, died_at = case when $10::float8 is null then now() end,
    due_at = now() + make_interval(secs => coalesce($10::float8, 0))
  where id = $1 and $9::text is not null)
insert into event_deliveries (event_id, namespace_id, target_arn, event_name, bucket_name, key, attempt, duration_ms, status, error)
values ($1, $2, $3, $4, $5, $6, $7, $8, $11, $9)`,
    values: [
      event.id,
      event.namespaceId,
      event.targetArn,
      event.eventName,
      event.details.bucketName,
      event.key,
      event.attemptCount + 1,
      durationMs,
      error,
      retrySeconds,
      status,
    ],
  })
}

/** Forgets log entries and given-up events older than `before`, at most `limit` of each; resolves to how many there were. */
export async function forgetDeliveries(
  db: Queryable,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const [answer] = await db.query<{ count: number }>({
    name: 'forget-deliveries',
    text: `
with attempts as (
  delete from event_deliveries where id in (select id from event_deliveries where at < $1 order by at limit $2) returning id),
dead as (delete from events where id in (select id from events where died_at < $1 order by id limit $2) returning id)
select ((select count(*) from attempts) + (select count(*) from dead))::integer as count`,
    values: [before, limit],
  })
  return answer?.count ?? 0
}

export interface Delivery {
  id: number
  eventId: number
  targetArn: string
  eventName: string
  bucketName: string
  key: string
  attempt: number
  at: Date
  durationMs: number
  status: number | null
  error: string | null
}

/** A namespace's delivery log, newest first. */
export function listDeliveries(
  db: Queryable,
  { namespaceId, beforeId, limit }: { namespaceId: string; beforeId: number | null; limit: number },
): Promise<Delivery[]> {
  return db.query({
    name: 'list-deliveries',
    text: `
select id::float8 as id, event_id::float8 as "eventId", target_arn as "targetArn", event_name as "eventName", bucket_name as "bucketName", key, attempt,
  at, duration_ms as "durationMs", status, error
from event_deliveries where namespace_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    values: [namespaceId, beforeId, limit],
  })
}

/** Makes given-up events due again; resolves to how many. */
export async function reviveEvents(db: Queryable, { namespaceId }: { namespaceId: string }): Promise<number> {
  const rows = await db.query({
    name: 'revive-events',
    text: `
update events set died_at = null, due_at = now(), attempt_count = 0 where namespace_id = $1 and died_at is not null returning id`,
    values: [namespaceId],
  })
  return rows.length
}
