import { appendSystemEvent } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { listDueShreds, listShreddedBuckets } from '#storage-engine/metadata/namespace-shreds.ts'
import { destroyDeadTokens } from '#storage-engine/namespaces/namespace-keys.ts'
import { emptyShreddedNamespaces, shredNamespace } from '#storage-engine/namespaces/shred-namespace.ts'

export async function hasNamespacesToShred({ db }: Engine): Promise<boolean> {
  if ((await listDueShreds(db, { now: new Date() })).length > 0) return true
  return (await listShreddedBuckets(db, { limit: 1 })).length > 0
}

/** Destroys the keys of namespaces whose day has come, then gives back what they hold. */
export async function shredNamespaces(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  let shreddedCount = 0
  for (const shred of await listDueShreds(engine.db, { now: new Date() })) {
    if (signal.aborted) break
    if (!(await shredNamespace(engine, shred))) continue
    shreddedCount++
    const { namespaceId, scheduledBy } = shred
    await appendSystemEvent(engine, { namespaceId, action: 'namespace.shredded', target: '', details: { scheduledBy } })
  }
  const emptiedCount = await emptyShreddedNamespaces(engine, { signal })
  return `${shreddedCount} namespaces shredded, ${emptiedCount} versions let go`
}

/** Removes shred tokens that should be gone: see destroyDeadTokens. */
export async function destroyTokens(engine: Engine): Promise<string> {
  return `${await destroyDeadTokens(engine)} shred tokens destroyed`
}
