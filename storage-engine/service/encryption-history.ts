import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { type AuditEvent, listAuditEvents } from '#storage-engine/metadata/audit.ts'
import { decodeCursor, encodeCursor } from '#storage-engine/service/cursor.ts'
import { requireNamespace } from '#storage-engine/service/require-namespace.ts'

/** What of the audit concerns encryption at rest: the switch, migrations, keys, proofs. */
const ACTIONS = [
  'namespace.set-encryption',
  'namespace.shred',
  'namespace.keep',
  'namespace-key.',
  'encryption.',
  'root-key.',
  'named-key.',
]

/**
 * Who did what to the encryption of a namespace, or (null) to that of the whole service; newest first. Throws AccessDenied,
 * NoSuchNamespace, InvalidArgument.
 */
export async function listEncryptionHistory(
  engine: Engine,
  actor: Actor,
  { namespace, cursor, limit }: { namespace: string | null; cursor?: string | undefined; limit: number },
) {
  requireAdministrator(actor)
  const namespaceId = namespace === null ? null : (await requireNamespace(engine, namespace)).id
  const before = cursor === undefined ? null : decodeCursor(cursor, ['integer'])[0]
  const events = await listAuditEvents(engine.db, { namespaceId, before, limit: limit + 1, actions: ACTIONS })
  const page = events.slice(0, limit)
  const last = events.length > limit ? page.at(-1) : undefined
  return { entries: page.map(describe), nextCursor: last === undefined ? null : encodeCursor([last.id]) }
}

function describe({ id, at, actor, action, target, result, details }: AuditEvent) {
  return { id, at: at.toISOString(), actor, action, target, result, details }
}
