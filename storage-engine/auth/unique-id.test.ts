import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { uniqueIdOf, uuidOfUniqueId } from '#storage-engine/auth/unique-id.ts'

test('leads from a UUID to a unique id and back', () => {
  for (const uuid of [randomUUID(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
    const uniqueId = uniqueIdOf('user', uuid)
    expect(uniqueId).toMatch(/^AIDA[A-Z2-7]{26}$/)
    expect(uuidOfUniqueId('user', uniqueId)).toBe(uuid)
  }
})

test('tells the kinds apart', () => {
  expect(uuidOfUniqueId('user', uniqueIdOf('role', randomUUID()))).toBeNull()
})

test.each(['', 'AIDA', `AIDA${'1'.repeat(26)}`, `AIDA${'7'.repeat(26)}`, `AIDA${'A'.repeat(27)}`])(
  'takes %j for no unique id',
  (text) => {
    expect(uuidOfUniqueId('user', text)).toBeNull()
  },
)
