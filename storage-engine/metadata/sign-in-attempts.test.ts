import { expect, test } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { deletePastAttempts, giveBackAttempts, takeAttempt } from '#storage-engine/metadata/sign-in-attempts.ts'

const { db } = await openTestDatabase()
const START = Date.parse('2030-01-01T00:00:00Z')
const take = (key: string, at = 0) =>
  takeAttempt(db, { key, attemptsMax: 3, windowMs: 1000, now: new Date(START + at) })

async function takeInTurn(key: string, times: number, at = 0): Promise<boolean[]> {
  const taken: boolean[] = []
  for (let count = 0; count < times; count++) taken.push(await take(key, at))
  return taken
}

test('allows as many attempts as the limit, then none, and no more at the same moment', async () => {
  const key = newId()
  expect(await takeInTurn(key, 4)).toEqual([true, true, true, false])
  expect(await take(newId())).toBe(true)
  const other = newId()
  const taken = await Promise.all(Array.from({ length: 20 }, () => take(other)))
  expect(taken.filter(Boolean)).toHaveLength(3)
})

test('allows again once the window that began with the first attempt is over', async () => {
  const key = newId()
  await take(key)
  expect(await takeInTurn(key, 3, 999)).toEqual([true, true, false])
  expect(await takeInTurn(key, 4, 1000)).toEqual([true, true, true, false])
})

test('does not count an attempt that turned out well, nor one that was refused', async () => {
  const [key, untouched] = [newId(), newId()]
  await takeInTurn(key, 5)
  await giveBackAttempts(db, { keys: [key, untouched] })
  expect(await takeInTurn(key, 2)).toEqual([true, false])
  await takeInTurn(untouched, 1)
  for (let times = 0; times < 3; times++) await giveBackAttempts(db, { keys: [untouched] })
  expect(await takeInTurn(untouched, 4)).toEqual([true, true, true, false])
})

test('forgets attempts whose window is over, and no others', async () => {
  const [past, present] = [newId(), newId()]
  await takeInTurn(past, 3)
  await takeInTurn(present, 3, 500)
  expect(await deletePastAttempts(db, { now: new Date(START + 1000) })).toBeGreaterThan(0)
  const left = await db.query({
    name: 'find',
    text: 'select key from sign_in_attempts where key = any($1)',
    values: [[past, present]],
  })
  expect(left).toEqual([{ key: present }])
})
