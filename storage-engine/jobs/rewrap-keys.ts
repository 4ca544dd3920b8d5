import { appendSystemEvent } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findLastRewrap, listRunningRewraps } from '#storage-engine/metadata/key-rewraps.ts'
import { rewrapDataKeys } from '#storage-engine/namespaces/rewrap-data-keys.ts'
import { readNotice } from '#storage-engine/notice.ts'

export async function hasKeysToRewrap({ db }: Engine): Promise<boolean> {
  return (await listRunningRewraps(db)).length > 0
}

/** Wraps the data keys of namespaces for which an administrator asked for it under their newest keys. */
export async function rewrapKeys(engine: Engine, { signal }: { signal: AbortSignal }): Promise<string> {
  const running = await listRunningRewraps(engine.db)
  for (const rewrap of running) {
    await rewrapDataKeys(engine, rewrap, { signal })
    if (signal.aborted) break
    const { namespaceId } = rewrap
    const ended = await findLastRewrap(engine.db, { namespaceId })
    const details = { state: ended?.state, count: ended?.doneCount, ...readNotice(ended?.message ?? null) }
    await appendSystemEvent(engine, { namespaceId, action: 'namespace-key.rewrapped', target: '', details })
  }
  return `data keys of ${running.length} namespaces wrapped again`
}
