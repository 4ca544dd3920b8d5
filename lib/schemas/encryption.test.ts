import { expect, test } from 'vitest'
import {
  changeMigrationInput,
  changeNamespaceKeysInput,
  listBucketCoverageQuery,
  listEncryptionHistoryQuery,
  scheduleShredInput,
  setEncryptionInput,
} from '#lib/schemas/encryption.ts'
import { changeRootKeysInput } from '#lib/schemas/installation-encryption.ts'

test('leaves what is stored alone, as fast as it goes, unless told otherwise', () => {
  expect(setEncryptionInput.parse({ mode: 'on' })).toEqual({ mode: 'on', existing: 'leave', rateLimit: null })
  expect(scheduleShredInput.parse({ confirm: 'acme' }).days).toBe(21)
})

test.each([
  [setEncryptionInput, { mode: 'maybe' }],
  [setEncryptionInput, { mode: 'on', existing: 'some' }],
  [setEncryptionInput, { mode: 'on', rateLimit: 65_535 }],
  [setEncryptionInput, { mode: 'on', rateLimit: 1_099_511_627_777 }],
  [changeMigrationInput, { action: 'set-rate' }],
  [changeMigrationInput, { action: 'set-rate', rateLimit: 65_536.5 }],
  [changeNamespaceKeysInput, { action: 'retire', confirm: 'acme' }],
  [changeNamespaceKeysInput, { action: 'retire', version: 0, confirm: 'acme' }],
  [scheduleShredInput, { confirm: 'acme', days: 6 }],
  [scheduleShredInput, { confirm: 'acme', days: 91 }],
  [scheduleShredInput, {}],
  [changeRootKeysInput, { action: 'rotate' }],
  [changeRootKeysInput, { action: 'retire', confirm: '' }],
  [listBucketCoverageQuery, { limit: 1001 }],
  [listEncryptionHistoryQuery, { limit: 0 }],
])('refuses what has no meaning: %#', (schema, input) => {
  expect(schema.safeParse(input).success).toBe(false)
})

test.each([
  [changeMigrationInput, { action: 'set-rate', rateLimit: null }],
  [changeMigrationInput, { action: 'pause' }],
  [changeNamespaceKeysInput, { action: 'rotate' }],
  [changeNamespaceKeysInput, { action: 'retire', version: 1, confirm: 'acme' }],
])('takes what has one: %#', (schema, input) => {
  expect(schema.parse(input)).toEqual(input)
})
