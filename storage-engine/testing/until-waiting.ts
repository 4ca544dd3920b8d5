import { setTimeout as sleep } from 'node:timers/promises'
import type { Queryable } from '#storage-engine/metadata/database.ts'

/** Resolves once that many connections of the test's own database wait for locks. */
export async function untilWaiting(db: Queryable, count: number): Promise<void> {
  for (let waiting = 0; waiting < count; await sleep(5)) {
    const [row] = await db.query<{ count: number }>({
      name: 'count-waiting',
      text: `
select count(distinct l.pid)::integer as count from pg_locks l join pg_stat_activity a on a.pid = l.pid
where not l.granted and a.datname = current_database()`,
      values: [],
    })
    waiting = row?.count ?? 0
  }
}
