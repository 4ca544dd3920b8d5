import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  type Activity,
  claimStaleActivities,
  finishActivity,
  reportActivity,
} from '#storage-engine/metadata/activities.ts'
import type { Notice } from '#storage-engine/notice.ts'
import { type ActivityProgress, performDeletion } from '#storage-engine/service/perform-deletion.ts'

/** A running activity says how far it is at least this often; one that was silent for longer lost its process. */
const SILENCE_MS_MAX = 60_000
const RESUME_INTERVAL_MS = 30_000

export interface ActivityRunner {
  /** Runs an activity whose row says `running`; resolves when it has ended, however it ended, and its row says so. */
  run(activity: Activity): Promise<void>
  /** Stops at the next safe point; what is not finished goes on in the next process. */
  stop(): Promise<void>
}

/**
 * Does what people started and will not wait for. Each kind of work can be repeated from its start without harm, which is
 * what happens after a crash: the row keeps the input, and whoever finds it silent takes it over.
 */
export function createActivityRunner(engine: Engine): ActivityRunner {
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()

  function run(activity: Activity): Promise<void> {
    const work = perform(engine, activity, stopping.signal).finally(() => underWay.delete(work))
    underWay.add(work)
    return work
  }
  async function resume(): Promise<void> {
    const silentSince = new Date(Date.now() - SILENCE_MS_MAX)
    for (const activity of await claimStaleActivities(engine.db, { silentSince })) void run(activity)
  }
  const onFailure = (error: unknown) => engine.log.error({ err: error }, 'activities could not be resumed')
  const timer = setInterval(() => void resume().catch(onFailure), RESUME_INTERVAL_MS)
  timer.unref()

  return {
    run,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await Promise.all(underWay)
    },
  }
}

async function perform(engine: Engine, activity: Activity, signal: AbortSignal): Promise<void> {
  const { id } = activity
  const progress: ActivityProgress = { signal, report: (doneCount) => reportActivity(engine.db, { id, doneCount }) }
  try {
    await performDeletion(engine, activity, progress)
    if (!signal.aborted) await finishActivity(engine.db, { id, state: 'done', notice: null })
  } catch (error) {
    engine.log.error({ err: error, activityId: id }, 'activity failed')
    await finishActivity(engine.db, { id, state: 'failed', notice: noticeOf(error) }).catch((cause: unknown) => {
      // Its row still says running: it is taken over once Postgres is back.
      engine.log.error({ err: cause, activityId: id }, 'activity left to be resumed')
    })
  }
}

function noticeOf(error: unknown): Notice {
  const values =
    error instanceof StorageError
      ? { error: error.code, text: error.message }
      : { error: 'InternalError', text: 'An internal error ended it.' }
  return { code: 'failed', values }
}
