import type { Actor } from '#storage-engine/accounts/actor.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { appendAuditEvent } from '#storage-engine/metadata/audit.ts'

export interface Act {
  /** Null for what concerns the whole service. */
  namespaceId: string | null
  /** Noun and verb: `bucket.create`. */
  action: string
  /** The name of what is acted on. */
  target: string
  /** Before, after, counts; never a secret. */
  details?: Record<string, unknown>
}

/**
 * Runs a mutation and writes down who did what with which result, whether it went well, was refused or failed; attempts
 * beyond a limit are not written down. The event is written after the act, so a crash between the two loses the event, not
 * the act.
 */
export async function audited<Result>(
  engine: Engine,
  actor: Pick<Actor, 'username' | 'address' | 'requestId'>,
  act: Act,
  run: () => Promise<Result>,
): Promise<Result> {
  let result: Result
  try {
    result = await run()
  } catch (error) {
    // What is over a limit would fill the audit without one.
    if (error instanceof StorageError && error.status === 429) throw error
    const isRefusal = error instanceof StorageError && (error.status === 401 || error.status === 403)
    const code = error instanceof StorageError ? error.code : 'InternalError'
    await append(engine, actor, { ...act, details: { ...act.details, error: code } }, isRefusal ? 'denied' : 'failed')
    throw error
  }
  await append(engine, actor, act, 'ok')
  return result
}

/** Writes down what the service did by itself. */
export async function appendSystemEvent(engine: Engine, act: Act): Promise<void> {
  await append(engine, { username: 'service', address: null, requestId: '-' }, act, 'ok')
}

function append(
  engine: Engine,
  actor: Pick<Actor, 'username' | 'address' | 'requestId'>,
  { namespaceId, action, target, details }: Act,
  result: 'ok' | 'denied' | 'failed',
): Promise<unknown> {
  return appendAuditEvent(engine.db, {
    namespaceId,
    actor: actor.username,
    action,
    target,
    result,
    address: actor.address,
    requestId: actor.requestId,
    details: details ?? null,
  })
}
