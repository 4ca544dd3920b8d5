import type { Queryable } from '#storage-engine/metadata/database.ts'

export interface JobLease {
  name: string
  /** Of this run: a run whose lease has passed to another can change nothing any more. */
  leaseId: string
  /** What the run before left. */
  progress: Record<string, unknown>
}

/**
 * The right to run job `name`, for `leaseSeconds`; null when it is not due or someone else runs it. The lease of a process
 * that died ends by itself.
 */
export async function acquireJobLease(
  db: Queryable,
  { name, leaseId, leaseSeconds }: { name: string; leaseId: string; leaseSeconds: number },
): Promise<JobLease | null> {
  const [lease] = await db.query<JobLease>({
    name: 'acquire-job-lease',
    // The row lock of the upsert settles who of several is first; the others then find the lease taken.
    text: `
insert into jobs (name, lease_id, lease_until, started_at) values ($1, $2, now() + make_interval(secs => $3), now())
on conflict (name) do update set lease_id = excluded.lease_id, lease_until = excluded.lease_until, started_at = excluded.started_at
where jobs.due_at <= now() and (jobs.lease_until is null or jobs.lease_until < now())
returning name, lease_id as "leaseId", progress`,
    values: [name, leaseId, leaseSeconds],
  })
  return lease ?? null
}

/** Prolongs a lease and stores the progress. False: the lease is lost, and the run must stop. */
export async function renewJobLease(
  db: Queryable,
  { name, leaseId, leaseSeconds, progress }: JobLease & { leaseSeconds: number },
): Promise<boolean> {
  const rows = await db.query({
    name: 'renew-job-lease',
    text: `
update jobs set lease_until = now() + make_interval(secs => $3), progress = $4
where name = $1 and lease_id = $2 and lease_until > now() returning name`,
    values: [name, leaseId, leaseSeconds, JSON.stringify(progress)],
  })
  return rows.length === 1
}

/** Ends a run, well or with `error`; it is due again after `pauseSeconds`. A lost lease is left alone. */
export async function releaseJobLease(
  db: Queryable,
  { name, leaseId, progress, pauseSeconds, error }: JobLease & { pauseSeconds: number; error: string | null },
): Promise<void> {
  await db.query({
    name: 'release-job-lease',
    text: `
update jobs set lease_id = null, lease_until = null, finished_at = now(), due_at = now() + make_interval(secs => $3), error = $4, progress = $5
where name = $1 and lease_id = $2`,
    values: [name, leaseId, pauseSeconds, error, JSON.stringify(progress)],
  })
}

export interface JobState {
  name: string
  isRunning: boolean
  dueAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  error: string | null
  progress: Record<string, unknown>
}

/** All jobs that ever ran, by name. */
export function listJobs(db: Queryable): Promise<JobState[]> {
  return db.query({
    name: 'list-jobs',
    text: `
select name, coalesce(lease_until > now(), false) as "isRunning", due_at as "dueAt", started_at as "startedAt", finished_at as "finishedAt", error, progress
from jobs order by name`,
    values: [],
  })
}
