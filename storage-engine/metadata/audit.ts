import { createHash } from 'node:crypto'
import { and, asc, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import { auditEvents } from '#drizzle/schema/audit.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'

export type AuditEvent = typeof auditEvents.$inferSelect
export type NewAuditEvent = Omit<AuditEvent, 'id' | 'at' | 'hash'>

/** The chain of events that concern no namespace. */
const SERVICE_CHAIN = '00000000-0000-0000-0000-000000000000'
const FIRST_HASH = Buffer.alloc(48)
const VERIFY_PAGE = 1_000

/** Appends an event to the chain of its namespace. `details` must be plain JSON and hold no secret. */
export async function appendAuditEvent(db: Queryable, event: NewAuditEvent): Promise<AuditEvent> {
  const chainId = event.namespaceId ?? SERVICE_CHAIN
  return db.transaction(async (tx) => {
    const { hash: previous, at } = await lockChain(tx, chainId)
    const row = { ...event, at }
    const hash = hashEvent(previous, row)
    const [appended] = await tx.run((orm) =>
      orm
        .insert(auditEvents)
        .values({ ...row, hash })
        .returning(),
    )
    await tx.query({
      name: 'advance-audit-chain',
      text: 'update audit_heads set hash = $2 where chain_id = $1',
      values: [chainId, hash],
    })
    return appended as AuditEvent
  })
}

/** One appender at a time: the upsert's row lock is held until the commit. */
async function lockChain(tx: Queryable, chainId: string): Promise<{ hash: Buffer; at: Date }> {
  const [head] = await tx.query<{ hash: Buffer; at: Date }>({
    name: 'lock-audit-chain',
    text: `
insert into audit_heads as h (chain_id, hash) values ($1, $2)
on conflict (chain_id) do update set hash = h.hash returning hash, clock_timestamp()::timestamptz(3) as at`,
    values: [chainId, FIRST_HASH],
  })
  return head as { hash: Buffer; at: Date }
}

/** SHA-384 over the previous hash and the event's fields as canonical JSON, in this order for ever. */
function hashEvent(previous: Buffer, event: Omit<AuditEvent, 'id' | 'hash'>): Buffer {
  const { at, namespaceId, actor, action, target, result, address, requestId, details } = event
  const fields = [at.toISOString(), namespaceId, actor, action, target, result, address, requestId, sortKeys(details)]
  return createHash('sha384').update(previous).update(JSON.stringify(fields)).digest()
}

/** jsonb keeps no order of keys, so the hash may not depend on it. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, inner]) => [key, sortKeys(inner)]),
  )
}

export interface ListAuditEvents {
  /** Null: events of the whole service. */
  namespaceId: string | null
  /** The id of the last one seen. */
  before: number | null
  limit: number
  /** Only actions that begin with one of these. */
  actions?: readonly string[]
}

/** Newest first. */
export function listAuditEvents(
  db: Queryable,
  { namespaceId, before, limit, actions }: ListAuditEvents,
): Promise<AuditEvent[]> {
  const isWanted = and(
    isOfChain(namespaceId),
    before === null ? undefined : lt(auditEvents.id, before),
    actions && or(...actions.map((start) => sql`starts_with(${auditEvents.action}, ${start})`)),
  )
  return db.run((orm) => orm.select().from(auditEvents).where(isWanted).orderBy(desc(auditEvents.id)).limit(limit))
}

/**
 * Recomputes a chain. Resolves to the id of the first event that does not follow from the one before it, to `'end'` when
 * events are missing at the end, or to null when the chain is whole.
 */
export async function findAuditBreak(
  db: Queryable,
  { namespaceId }: { namespaceId: string | null },
): Promise<number | 'end' | null> {
  let previous: Buffer = FIRST_HASH
  for (let after = 0, isMore = true; isMore; ) {
    const isNext = and(isOfChain(namespaceId), gt(auditEvents.id, after))
    const page = await db.run((orm) =>
      orm.select().from(auditEvents).where(isNext).orderBy(asc(auditEvents.id)).limit(VERIFY_PAGE),
    )
    for (const event of page) {
      if (!hashEvent(previous, event).equals(event.hash)) return event.id
      previous = event.hash
      after = event.id
    }
    isMore = page.length === VERIFY_PAGE
  }
  const [head] = await db.query<{ hash: Buffer }>({
    name: 'find-audit-head',
    text: 'select hash from audit_heads where chain_id = $1',
    values: [namespaceId ?? SERVICE_CHAIN],
  })
  return previous.equals(head?.hash ?? FIRST_HASH) ? null : 'end'
}

function isOfChain(namespaceId: string | null) {
  return namespaceId === null ? isNull(auditEvents.namespaceId) : eq(auditEvents.namespaceId, namespaceId)
}
