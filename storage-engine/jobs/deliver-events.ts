import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { eventMessage } from '#storage-engine/jobs/event-message.ts'
import { postWebhook, type WebhookAnswer } from '#storage-engine/jobs/post-webhook.ts'
import { findObjectUsers } from '#storage-engine/metadata/accounts.ts'
import { type DueEvent, hasDueEvents, pageDueEvents, recordDelivery } from '#storage-engine/metadata/events.ts'
import { findWebhook, type Webhook } from '#storage-engine/metadata/webhooks.ts'
import { openWebhookSecret } from '#storage-engine/namespaces/webhooks.ts'

/** Sent at the same time; no two of them are of one key. */
const FLIGHTS_MAX = 64
/** Of them for one namespace, so that a target which does not answer holds up nobody else's events. */
const NAMESPACE_FLIGHTS_MAX = 16
/** With pauses that double up to an hour, the last attempt is about seven hours after the first. */
const ATTEMPT_COUNT_MAX = 18
const PAUSE_SECONDS_MAX = 3_600

/** Whether a run would find anything: asked every second, so it costs next to nothing. */
export function hasEventsToDeliver({ db }: Engine): Promise<boolean> {
  return hasDueEvents(db)
}

interface Flight {
  namespaceId: string
  /** Never rejects. */
  landed: Promise<void>
}

/**
 * Delivers what transactions left in the outbox: at least once, and of each key in order. A target that fails is tried
 * again after growing pauses, during which the later events of the same key wait, and only they.
 */
export async function deliverEvents(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const flying = new Map<number, Flight>()
  const errors: unknown[] = []
  let deliveredCount = 0
  let failedCount = 0
  for (;;) {
    const due = signal.aborted || errors.length > 0 ? [] : await findNext(engine, flying)
    for (const event of due) flying.set(event.id, { namespaceId: event.namespaceId, landed: fly(event) })
    if (flying.size === 0) break
    if (due.length === 0) await Promise.race([...flying.values()].map(({ landed }) => landed))
  }
  if (errors.length > 0) throw errors[0]
  return `${deliveredCount} events delivered, ${failedCount} attempts failed`

  async function fly(event: DueEvent): Promise<void> {
    try {
      if (await deliver(engine, event)) deliveredCount++
      else failedCount++
    } catch (error) {
      // What is in the air lands first.
      errors.push(error)
    }
    flying.delete(event.id)
  }
}

/** Due events for which there is room beside those in the air. */
async function findNext({ db }: Engine, flying: ReadonlyMap<number, Flight>): Promise<DueEvent[]> {
  if (flying.size >= FLIGHTS_MAX) return []
  const counts = new Map<string, number>()
  const takeOff = ({ namespaceId }: { namespaceId: string }) => {
    const count = (counts.get(namespaceId) ?? 0) + 1
    if (count <= NAMESPACE_FLIGHTS_MAX) counts.set(namespaceId, count)
    return count <= NAMESPACE_FLIGHTS_MAX
  }
  for (const flight of flying.values()) takeOff(flight)
  const full = [...counts].filter(([, count]) => count >= NAMESPACE_FLIGHTS_MAX)
  const due = await pageDueEvents(db, {
    limit: FLIGHTS_MAX - flying.size,
    exceptIds: [...flying.keys()],
    exceptNamespaces: full.map(([namespaceId]) => namespaceId),
  })
  return due.filter(takeOff)
}

async function deliver(engine: Engine, event: DueEvent): Promise<boolean> {
  const startedAt = performance.now()
  const { status, error } = await attempt(engine, event)
  await recordDelivery(engine.db, {
    event,
    durationMs: Math.round(performance.now() - startedAt),
    status,
    error,
    retrySeconds: pauseAfter(event.attemptCount + 1),
  })
  return error === null
}

async function attempt(engine: Engine, event: DueEvent): Promise<WebhookAnswer> {
  const name = event.targetArn.slice(event.targetArn.lastIndexOf(':') + 1)
  const webhook = await findWebhook(engine.db, { namespaceId: event.namespaceId, name })
  if (webhook === null) return { status: null, error: `No webhook ${name} is registered` }
  const secret = await openSecret(engine, webhook)
  if (secret === null) return { status: null, error: `The secret of the webhook ${name} does not open` }
  const [owner] = await findObjectUsers(engine.db, { ids: [event.details.bucketOwnerId] })
  if (owner === undefined) return { status: null, error: 'The owner of the bucket is not there' }
  const message = { url: webhook.url, secret, eventId: event.id, body: eventMessage(event, owner), now: Date.now() }
  return postWebhook(message, engine.config.webhookAllowedAddresses)
}

/** Null when it is damaged, which is this webhook's misfortune and no other one's. */
async function openSecret(engine: Engine, webhook: Webhook): Promise<string | null> {
  try {
    return await openWebhookSecret(engine, webhook)
  } catch (error) {
    if (error instanceof SealBrokenError) return null
    throw error
  }
}

/** Seconds; null after the last attempt. */
export function pauseAfter(attemptCount: number): number | null {
  if (attemptCount >= ATTEMPT_COUNT_MAX) return null
  return Math.min(2 ** (attemptCount - 1), PAUSE_SECONDS_MAX)
}
