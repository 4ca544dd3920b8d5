import { expect, it, vi } from 'vitest'
import { createPasswordHash, isHashOf, isOutdatedHash } from '#storage-engine/accounts/password-hash.ts'

const mode = vi.hoisted(() => ({ isFips: false }))
vi.mock('#storage-engine/crypto/fips-mode.ts', () => ({ isFipsMode: () => mode.isFips }))

async function hashIn(isFips: boolean, password: string): Promise<string> {
  mode.isFips = isFips
  return createPasswordHash(password)
}

it.each([
  ['argon2id', false, /^\$argon2id\$/],
  ['PBKDF2 in FIPS mode', true, /^\$pbkdf2-sha512\$i=210000\$/],
])('is of %s, salted, and at most 128 characters', async (_, isFips, form) => {
  const [first, second] = [await hashIn(isFips, 'correct horse'), await hashIn(isFips, 'correct horse')]
  expect(first).toMatch(form)
  expect(first).not.toBe(second)
  expect(first.length).toBeLessThanOrEqual(128)
})

it('is recognised in either mode, and no other password is', async () => {
  for (const madeIn of [false, true]) {
    const hash = await hashIn(madeIn, 'correct horse')
    for (const readIn of [false, true]) {
      mode.isFips = readIn
      expect(await isHashOf(hash, 'correct horse')).toBe(true)
      expect(await isHashOf(hash, 'Correct horse')).toBe(false)
      expect(isOutdatedHash(hash)).toBe(readIn && !madeIn)
    }
  }
})

it('is the one that Python makes', async () => {
  // hashlib.pbkdf2_hmac('sha512', b'correct horse', bytes(range(16)), 1000, 32)
  const hash = '$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$Xpx07WjVx4vCIvrmBRj8uOoVVtGqJqtUv2J5bhizSQs'
  expect(await isHashOf(hash, 'correct horse')).toBe(true)
})

it('never costs more than it may, nor is believed when it is damaged', async () => {
  const whole = await hashIn(true, 'correct horse')
  expect(await isHashOf(whole.replace('i=210000', 'i=99999999'), 'correct horse')).toBe(false)
  await expect(isHashOf(whole.slice(0, -1), 'correct horse')).rejects.toThrow()
})
