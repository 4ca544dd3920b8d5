import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { hash, verify } from '@node-rs/argon2'
import { isFipsMode } from '#storage-engine/crypto/fips-mode.ts'

const derive = promisify(pbkdf2)

/** OWASP's argon2id profile: 19 MiB, two passes, one lane. Kept in each hash, so it can be raised later. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** What FIPS mode allows in argon2's place: SP 800-132, at OWASP's count of rounds for SHA-512. */
const PBKDF2_ROUNDS = 210_000
const PBKDF2_ROUNDS_MAX = 10_000_000
const SALT_BYTES = 16
const DIGEST_BYTES = 32
const PBKDF2_HASH = /^\$pbkdf2-sha512\$i=(?<rounds>\d{4,8})\$(?<salt>[A-Za-z0-9+/]{22})\$(?<digest>[A-Za-z0-9+/]{43})$/

/** A PHC string of at most 128 characters, which names its algorithm: argon2id, or PBKDF2 in FIPS mode. */
export async function createPasswordHash(password: string): Promise<string> {
  if (!isFipsMode()) return hash(password, ARGON2)
  const salt = randomBytes(SALT_BYTES)
  const digest = await derive(password, salt, PBKDF2_ROUNDS, DIGEST_BYTES, 'sha512')
  return `$pbkdf2-sha512$i=${PBKDF2_ROUNDS}$${unpadded(salt)}$${unpadded(digest)}`
}

/** Whatever algorithm the hash names, so that a change of mode locks nobody out. */
export async function isHashOf(passwordHash: string, password: string): Promise<boolean> {
  const { rounds, salt = '', digest = '' } = PBKDF2_HASH.exec(passwordHash)?.groups ?? {}
  if (rounds === undefined) return verify(passwordHash, password)
  if (Number(rounds) > PBKDF2_ROUNDS_MAX) return false
  const expected = Buffer.from(digest, 'base64')
  const found = await derive(password, Buffer.from(salt, 'base64'), Number(rounds), DIGEST_BYTES, 'sha512')
  return timingSafeEqual(found, expected)
}

/** Whether a hash is to be replaced, when its password is at hand: in FIPS mode, one that FIPS does not know. */
export function isOutdatedHash(passwordHash: string): boolean {
  return isFipsMode() && !PBKDF2_HASH.test(passwordHash)
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
