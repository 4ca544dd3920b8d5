import { type Actor, type NamespacePermission, requirePermission } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { listDeliveries as pageDeliveries, reviveEvents } from '#storage-engine/metadata/events.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { deleteWebhook, listWebhooks as listRows } from '#storage-engine/metadata/webhooks.ts'
import { webhookArn } from '#storage-engine/namespaces/webhook-arn.ts'
import { registerWebhook } from '#storage-engine/namespaces/webhooks.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'

export interface WebhookRequest {
  /** Name of the namespace. */
  namespace: string
  /** Of the webhook. */
  name: string
}

/** A namespace's webhooks by name, each with the ARN by which buckets name it. Throws AccessDenied, NoSuchNamespace. */
export async function listWebhooks(engine: Engine, actor: Actor, { namespace }: { namespace: string }) {
  const namespaceId = await permit(engine, actor, { namespace, permission: 'object-storage_read' })
  const rows = await listRows(engine.db, { namespaceId })
  const { region } = engine.config
  return rows.map(({ name, url, createdAt }) => ({
    name,
    url,
    arn: webhookArn({ kind: 'topic', region, namespaceName: namespace, name }),
    createdAt: createdAt.toISOString(),
  }))
}

/** Resolves to the secret, which is shown only now. Throws what registerWebhook throws, AccessDenied, NoSuchNamespace. */
export async function createWebhook(
  engine: Engine,
  actor: Actor,
  { namespace, name, url }: WebhookRequest & { url: string },
): Promise<{ arn: string; secret: string }> {
  const namespaceId = await permit(engine, actor, { namespace, permission: 'object-storage_write' })
  const act = { namespaceId, action: 'webhook.create', target: name, details: { url } }
  const { secret } = await audited(engine, actor, act, () => registerWebhook(engine, { namespaceId, name, url }))
  const { region } = engine.config
  return { arn: webhookArn({ kind: 'topic', region, namespaceName: namespace, name }), secret }
}

/** What is still in the outbox for it fails until a webhook of that name is there again. Throws AccessDenied, NoSuchNamespace, NoSuchWebhook. */
export async function removeWebhook(engine: Engine, actor: Actor, { namespace, name }: WebhookRequest): Promise<void> {
  const namespaceId = await permit(engine, actor, { namespace, permission: 'object-storage_write' })
  await audited(engine, actor, { namespaceId, action: 'webhook.delete', target: name }, async () => {
    if (!(await deleteWebhook(engine.db, { namespaceId, name }))) throw new StorageError('NoSuchWebhook')
  })
}

/** The delivery log, newest first. Throws AccessDenied, NoSuchNamespace, InvalidArgument for a foreign cursor. */
export async function listDeliveries(
  engine: Engine,
  actor: Actor,
  { namespace, cursor, limit }: { namespace: string; cursor?: string | undefined; limit: number },
) {
  const namespaceId = await permit(engine, actor, { namespace, permission: 'object-storage_read' })
  const [beforeId] = cursor === undefined ? [null] : decodeCursor(cursor, ['integer'])
  const rows = await pageDeliveries(engine.db, { namespaceId, beforeId, limit: limit + 1 })
  const deliveries = rows.slice(0, limit).map(({ at, ...delivery }) => ({ ...delivery, at: at.toISOString() }))
  const last = rows.length > limit ? deliveries.at(-1) : undefined
  return { deliveries, nextCursor: last === undefined ? null : encodeCursor([last.id]) }
}

/** Sends what was given up once more; resolves to how many events that is. Throws AccessDenied, NoSuchNamespace. */
export async function retryDeliveries(
  engine: Engine,
  actor: Actor,
  { namespace }: { namespace: string },
): Promise<{ count: number }> {
  const namespaceId = await permit(engine, actor, { namespace, permission: 'object-storage_write' })
  const act = { namespaceId, action: 'webhook.retry', target: namespace }
  return audited(engine, actor, act, async () => ({ count: await reviveEvents(engine.db, { namespaceId }) }))
}

/** An administrator may manage webhooks of every namespace: where data of tenants goes is not what it is. */
async function permit(
  engine: Engine,
  actor: Actor,
  { namespace, permission }: { namespace: string; permission: NamespacePermission },
): Promise<string> {
  if (!actor.isAdministrator) return requirePermission(actor, namespace, permission).namespaceId
  const found = await findNamespaceByName(engine.db, { name: namespace })
  if (found === null) throw new StorageError('NoSuchNamespace')
  return found.id
}
