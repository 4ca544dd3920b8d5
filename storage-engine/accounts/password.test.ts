import { expect, test } from 'vitest'
import { isPasswordCorrect, PASSWORD_LENGTH_MAX } from '#storage-engine/accounts/password.ts'
import { createPasswordHash } from '#storage-engine/accounts/password-hash.ts'
import { isFipsMode } from '#storage-engine/crypto/fips-mode.ts'

test('recognises the password of a hash, and no other', async () => {
  const passwordHash = await createPasswordHash('correct horse')
  expect(passwordHash).toMatch(isFipsMode() ? /^\$pbkdf2-sha512\$/ : /^\$argon2id\$/)
  expect(await isPasswordCorrect(passwordHash, 'correct horse')).toBe(true)
  expect(await isPasswordCorrect(passwordHash, 'Correct horse')).toBe(false)
})

test('says no for a user that does not exist, whatever the password', async () => {
  expect(await isPasswordCorrect(null, 'correct horse')).toBe(false)
})

test('refuses a password over the limit without hashing it', async () => {
  const password = 'x'.repeat(PASSWORD_LENGTH_MAX + 1)
  expect(await isPasswordCorrect(await createPasswordHash(password), password)).toBe(false)
})

test('answers TooManyAttempts rather than queue without bound', async () => {
  const passwordHash = await createPasswordHash('a')
  const attempts = Array.from({ length: 40 }, () => isPasswordCorrect(passwordHash, 'a').catch((error) => error.code))
  const outcomes = await Promise.all(attempts)
  expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(34)
  expect(outcomes.filter((outcome) => outcome === 'TooManyAttempts')).toHaveLength(6)
})
