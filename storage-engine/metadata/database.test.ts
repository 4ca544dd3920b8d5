import { describe, expect, it } from 'vitest'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'

const { db } = await openTestDatabase()

describe('a transaction', () => {
  it('is rolled back when its work throws, and joins one that is open', async () => {
    const insert = { name: 'insert-job', text: `insert into jobs (name) values ('ghost')`, values: [] }
    const work = db.transaction(async (tx) => {
      await tx.transaction((inner) => inner.query(insert))
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await db.query({ name: 'find-ghost', text: `select from jobs where name = 'ghost'`, values: [] })).toEqual(
      [],
    )
  })

  it('hides the parameters of a failed query from its message', async () => {
    const secret = 'a-very-secret-hash'
    const failure = db.query({ name: 'divide', text: 'select 1 / $1::integer, $2::text', values: [0, secret] })
    await expect(failure).rejects.toSatisfy((error: Error) => !error.message.includes(secret))
  })
})
