import { appendSystemEvent } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { destroyDueNamedKeys } from '#storage-engine/metadata/named-keys.ts'

/** Destroys the material of named keys whose waiting time is over. */
export async function destroyNamedKeys(engine: Engine): Promise<string> {
  const destroyed = await destroyDueNamedKeys(engine.db, { now: new Date() })
  for (const { id, namespaceId, name } of destroyed) {
    engine.log.warn({ id, namespaceId, name }, 'named key destroyed')
    await appendSystemEvent(engine, { namespaceId, action: 'named-key.destroyed', target: name, details: { id } })
  }
  return `${destroyed.length} named keys destroyed`
}
