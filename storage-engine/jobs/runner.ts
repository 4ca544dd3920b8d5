import { setMaxListeners } from 'node:events'
import type { Engine } from '#storage-engine/engine.ts'
import { newId } from '#storage-engine/ids.ts'
import { abortStaleUploads } from '#storage-engine/jobs/abort-stale-uploads.ts'
import { applyLifecycle, hasLifecycleToApply } from '#storage-engine/jobs/apply-lifecycle.ts'
import { collectGarbage } from '#storage-engine/jobs/collect-garbage.ts'
import { deliverEvents, hasEventsToDeliver } from '#storage-engine/jobs/deliver-events.ts'
import { deliverLogs, hasLogsToDeliver } from '#storage-engine/jobs/deliver-logs.ts'
import { destroyNamedKeys } from '#storage-engine/jobs/destroy-named-keys.ts'
import { endExpiredSessions } from '#storage-engine/jobs/end-expired-sessions.ts'
import { endRestores } from '#storage-engine/jobs/end-restores.ts'
import { foldUsageDeltas } from '#storage-engine/jobs/fold-usage-deltas.ts'
import { forgetDeliveries } from '#storage-engine/jobs/forget-deliveries.ts'
import { hasMigrations, migrateEncryption } from '#storage-engine/jobs/migrate-encryption.ts'
import { hasKeysToRewrap, rewrapKeys } from '#storage-engine/jobs/rewrap-keys.ts'
import { hasRecordsToRewrap, rewrapRoot, watchRootKey } from '#storage-engine/jobs/rewrap-root.ts'
import { destroyTokens, hasNamespacesToShred, shredNamespaces } from '#storage-engine/jobs/shred-namespaces.ts'
import { acquireJobLease, type JobLease, releaseJobLease, renewJobLease } from '#storage-engine/metadata/jobs.ts'

/** A lease outlives a stalled process by this much at most; it is renewed three times as often. */
const LEASE_SECONDS = 60
const USAGE_INTERVAL_SECONDS = 10
const SESSIONS_INTERVAL_SECONDS = 3600
const ROOT_INTERVAL_SECONDS = 5
const WATCH_INTERVAL_SECONDS = 300
const REWRAP_INTERVAL_SECONDS = 1
const SHRED_INTERVAL_SECONDS = 60
const NAMED_KEYS_INTERVAL_SECONDS = 3600
const EVENTS_INTERVAL_SECONDS = 1
const MIGRATIONS_INTERVAL_SECONDS = 1
const DELIVERIES_INTERVAL_SECONDS = 3600

export interface Job {
  name: string
  /** Pause between two runs. */
  intervalSeconds: number
  /** For a job that is asked often and seldom has work: without any, a round takes no lease and leaves no trace. */
  hasWork?(engine: Engine): Promise<boolean>
  /** One run, which may stop early when the signal aborts; resolves to a line for the log. Running it twice does no harm. */
  run(engine: Engine, options: { signal: AbortSignal }): Promise<string>
}

function jobsOf({ config }: Engine): Job[] {
  const { jobIntervalSeconds } = config
  return [
    { name: 'collect-garbage', intervalSeconds: jobIntervalSeconds, run: collectGarbage },
    { name: 'abort-stale-uploads', intervalSeconds: jobIntervalSeconds, run: abortStaleUploads },
    { name: 'fold-usage', intervalSeconds: Math.min(USAGE_INTERVAL_SECONDS, jobIntervalSeconds), run: foldUsageDeltas },
    { name: 'rewrap-root', intervalSeconds: ROOT_INTERVAL_SECONDS, hasWork: hasRecordsToRewrap, run: rewrapRoot },
    { name: 'watch-root-key', intervalSeconds: WATCH_INTERVAL_SECONDS, run: watchRootKey },
    { name: 'rewrap-keys', intervalSeconds: REWRAP_INTERVAL_SECONDS, hasWork: hasKeysToRewrap, run: rewrapKeys },
    {
      name: 'shred-namespaces',
      intervalSeconds: Math.min(SHRED_INTERVAL_SECONDS, jobIntervalSeconds),
      hasWork: hasNamespacesToShred,
      run: shredNamespaces,
    },
    { name: 'destroy-tokens', intervalSeconds: NAMED_KEYS_INTERVAL_SECONDS, run: destroyTokens },
    { name: 'destroy-named-keys', intervalSeconds: NAMED_KEYS_INTERVAL_SECONDS, run: destroyNamedKeys },
    {
      name: 'apply-lifecycle',
      intervalSeconds: config.lifecycleIntervalSeconds,
      hasWork: hasLifecycleToApply,
      run: applyLifecycle,
    },
    { name: 'end-restores', intervalSeconds: config.lifecycleIntervalSeconds, run: endRestores },
    {
      name: 'migrate-encryption',
      intervalSeconds: MIGRATIONS_INTERVAL_SECONDS,
      hasWork: hasMigrations,
      run: migrateEncryption,
    },
    {
      name: 'deliver-events',
      intervalSeconds: EVENTS_INTERVAL_SECONDS,
      hasWork: hasEventsToDeliver,
      run: deliverEvents,
    },
    {
      name: 'deliver-logs',
      intervalSeconds: config.logDeliverySeconds,
      hasWork: hasLogsToDeliver,
      run: deliverLogs,
    },
    { name: 'forget-deliveries', intervalSeconds: DELIVERIES_INTERVAL_SECONDS, run: forgetDeliveries },
    { name: 'end-expired-sessions', intervalSeconds: SESSIONS_INTERVAL_SECONDS, run: endExpiredSessions },
  ]
}

export interface RunningJobs {
  /** Stops runs at their next safe point and resolves when none is left. */
  close(): Promise<void>
}

/**
 * Runs every job when it is due. A lease in Postgres lets one process at a time run a job; which process that is does not
 * matter, and a process that dies is replaced when its lease ends.
 */
export async function startJobs(engine: Engine, jobs: Job[] = jobsOf(engine)): Promise<RunningJobs> {
  const stopping = new AbortController()
  // One listener a job: many are no leak.
  setMaxListeners(0, stopping.signal)
  const loops = jobs.map((job) => repeat(engine, job, stopping.signal))
  return {
    async close() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

async function repeat(engine: Engine, job: Job, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      await runIfDue(engine, job, stopping)
    } catch (error) {
      // Postgres is away: nothing can be leased now, and the next round finds out anew.
      engine.log.warn({ err: error, job: job.name }, 'job could not be leased')
    }
    await pause(job.intervalSeconds * 1000, stopping)
  }
}

async function runIfDue(engine: Engine, job: Job, stopping: AbortSignal): Promise<void> {
  if (job.hasWork !== undefined && !(await job.hasWork(engine))) return
  const lease = await acquireJobLease(engine.db, { name: job.name, leaseId: newId(), leaseSeconds: LEASE_SECONDS })
  if (lease === null) return
  const lost = new AbortController()
  const keepLease = setInterval(() => void renew(engine, lease, lost), (LEASE_SECONDS * 1000) / 3)
  let error: string | null = null
  try {
    const summary = await job.run(engine, { signal: AbortSignal.any([stopping, lost.signal]) })
    engine.log.info({ job: job.name }, summary)
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause)
    engine.log.error({ err: cause, job: job.name }, 'job failed')
  } finally {
    clearInterval(keepLease)
  }
  // Due again at once: the pause between runs is this loop's, and another process may step in.
  await releaseJobLease(engine.db, { ...lease, pauseSeconds: 0, error })
}

/** A run whose lease has passed to another process must stop; so must one that cannot tell. */
async function renew(engine: Engine, lease: JobLease, lost: AbortController): Promise<void> {
  try {
    if (!(await renewJobLease(engine.db, { ...lease, leaseSeconds: LEASE_SECONDS }))) lost.abort()
  } catch (error) {
    engine.log.warn({ err: error, job: lease.name }, 'lease could not be renewed')
    lost.abort()
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end, { once: true })
  })
}
