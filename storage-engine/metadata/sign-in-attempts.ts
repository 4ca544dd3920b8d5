import type { Queryable } from '#storage-engine/metadata/database.ts'

export interface TakeAttempt {
  key: string
  attemptsMax: number
  windowMs: number
  now: Date
}

/**
 * Counts an attempt within the window that began with the first one; false, and not counted, when none is left. One
 * statement: the row's lock settles attempts at the same moment, in whichever process.
 */
export async function takeAttempt(db: Queryable, { key, attemptsMax, windowMs, now }: TakeAttempt): Promise<boolean> {
  const taken = await db.query({
    name: 'take-attempt',
    text: `
insert into sign_in_attempts as a (key, attempts, ends_at) values ($1, 1, $3)
on conflict (key) do update set
  attempts = case when a.ends_at <= $2 then 1 else a.attempts + 1 end,
  ends_at = case when a.ends_at <= $2 then excluded.ends_at else a.ends_at end
where a.ends_at <= $2 or a.attempts < $4
returning attempts`,
    values: [key, now, new Date(now.getTime() + windowMs), attemptsMax],
  })
  return taken.length > 0
}

/** The attempt turned out well: it does not count. */
export async function giveBackAttempts(db: Queryable, { keys }: { keys: readonly string[] }): Promise<void> {
  await db.query({
    name: 'give-back-attempts',
    // In one order, so that two of them never wait for each other.
    text: `
with held as (select key from sign_in_attempts where key = any($1) order by key for update)
update sign_in_attempts a set attempts = a.attempts - 1 from held where a.key = held.key and a.attempts > 0`,
    values: [keys],
  })
}

/** For the housekeeping job; resolves to how many there were. */
export async function deletePastAttempts(db: Queryable, { now }: { now: Date }): Promise<number> {
  const deleted = await db.query({
    name: 'delete-past-attempts',
    text: 'delete from sign_in_attempts where ends_at <= $1 returning attempts',
    values: [now],
  })
  return deleted.length
}
