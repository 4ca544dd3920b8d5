import type { Engine } from '#storage-engine/engine.ts'
import { deleteExpiredSessions } from '#storage-engine/metadata/sessions.ts'

/** Forgets console sessions that can no longer be used. */
export async function endExpiredSessions(engine: Engine): Promise<string> {
  const endedCount = await deleteExpiredSessions(engine.db, { now: new Date() })
  return `${endedCount} sessions ended`
}
