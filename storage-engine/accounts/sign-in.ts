import { type AttemptLimit, createAttemptLimit } from '#storage-engine/accounts/attempt-limit.ts'
import { openSession } from '#storage-engine/accounts/console-sessions.ts'
import { isPasswordCorrect } from '#storage-engine/accounts/password.ts'
import { createPasswordHash, isOutdatedHash } from '#storage-engine/accounts/password-hash.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { findUserByUsername, renewPasswordHash } from '#storage-engine/metadata/users.ts'

const WINDOW_MS = 15 * 60_000
const KEYS_MAX = 10_000
const USERNAME_LENGTH_MAX = 100

/**
 * By name and address: slows guessing one password without letting a stranger lock the owner out. By address: slows
 * spraying. By name: bounds what many addresses together may try.
 */
const limits = [
  { by: (name: string, address: string) => `${address} ${name}`, limit: limitOf(5) },
  { by: (_name: string, address: string) => address, limit: limitOf(30) },
  { by: (name: string) => name, limit: limitOf(200) },
]

function limitOf(attemptsMax: number): AttemptLimit {
  return createAttemptLimit({ attemptsMax, windowMs: WINDOW_MS, keysMax: KEYS_MAX })
}

export interface SignInRequest {
  username: string
  password: string
  address: string | null
  userAgent: string | null
}

/**
 * Checks a password and opens a session. Throws InvalidCredentials, the same for an unknown name, a wrong password and a
 * disabled user; TooManyAttempts after too many failures, before any password is looked at.
 */
export async function signIn(engine: Engine, request: SignInRequest): Promise<{ token: string; userId: string }> {
  const username = request.username.trim().toLowerCase().slice(0, USERNAME_LENGTH_MAX)
  const address = request.address ?? 'unknown'
  if (!limits.every(({ by, limit }) => limit.take(by(username, address)))) throw new StorageError('TooManyAttempts')

  const user = await findUserByUsername(engine.db, { username })
  const isCorrect = await isPasswordCorrect(user?.passwordHash ?? null, request.password)
  if (user === null || !isCorrect || user.disabledAt !== null) throw new StorageError('InvalidCredentials')

  for (const { by, limit } of limits) limit.giveBack(by(username, address))
  if (isOutdatedHash(user.passwordHash)) await renewHash(engine, user, request.password)
  const token = await openSession(engine, { userId: user.id, address: request.address, userAgent: request.userAgent })
  return { token, userId: user.id }
}

async function renewHash(engine: Engine, user: { id: string; passwordHash: string }, password: string): Promise<void> {
  const renewed = { userId: user.id, before: user.passwordHash, after: await createPasswordHash(password) }
  await renewPasswordHash(engine.db, renewed)
}
