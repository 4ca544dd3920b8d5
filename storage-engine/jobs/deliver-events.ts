import type { Engine } from '#storage-engine/engine.ts'
import { eventMessage } from '#storage-engine/jobs/event-message.ts'
import { postWebhook, type WebhookAnswer } from '#storage-engine/jobs/post-webhook.ts'
import { type DueEvent, hasDueEvents, pageDueEvents, recordDelivery } from '#storage-engine/metadata/events.ts'
import { findWebhook } from '#storage-engine/metadata/webhooks.ts'
import { openWebhookSecret } from '#storage-engine/namespaces/webhooks.ts'

/** Sent at the same time; no two of them are of one key. */
const PAGE_SIZE = 32
/** With pauses that double up to an hour, the last attempt is about seven hours after the first. */
const ATTEMPT_COUNT_MAX = 18
const PAUSE_SECONDS_MAX = 3_600

/** Whether a run would find anything: asked every second, so it costs next to nothing. */
export function hasEventsToDeliver({ db }: Engine): Promise<boolean> {
  return hasDueEvents(db)
}

/**
 * Delivers what transactions left in the outbox: at least once, and of each key in order. A target that fails is tried
 * again after growing pauses, during which the later events of the same key wait, and only they.
 */
export async function deliverEvents(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  let deliveredCount = 0
  let failedCount = 0
  while (!signal.aborted) {
    const due = await pageDueEvents(engine.db, { limit: PAGE_SIZE })
    if (due.length === 0) break
    const results = await Promise.all(due.map((event) => deliver(engine, event)))
    deliveredCount += results.filter(Boolean).length
    failedCount += results.filter((isDelivered) => !isDelivered).length
  }
  return `${deliveredCount} events delivered, ${failedCount} attempts failed`
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
  const secret = await openWebhookSecret(engine, webhook)
  const message = { url: webhook.url, secret, eventId: event.id, body: eventMessage(event), now: Date.now() }
  return postWebhook(message, engine.config.webhookAllowedAddresses)
}

/** Seconds; null after the last attempt. */
export function pauseAfter(attemptCount: number): number | null {
  if (attemptCount >= ATTEMPT_COUNT_MAX) return null
  return Math.min(2 ** (attemptCount - 1), PAUSE_SECONDS_MAX)
}
