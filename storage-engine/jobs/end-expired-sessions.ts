import type { Engine } from '#storage-engine/engine.ts'
import { deleteExpiredSessions } from '#storage-engine/metadata/sessions.ts'
import { deletePastAttempts } from '#storage-engine/metadata/sign-in-attempts.ts'

/** Forgets console sessions that can no longer be used, and attempts to sign in that no longer count. */
export async function endExpiredSessions(engine: Engine): Promise<string> {
  const now = new Date()
  const endedCount = await deleteExpiredSessions(engine.db, { now })
  const forgottenCount = await deletePastAttempts(engine.db, { now })
  return `${endedCount} sessions ended, ${forgottenCount} counts of attempts forgotten`
}
