import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { openSession } from '#storage-engine/accounts/console-sessions.ts'
import { isPasswordCorrect } from '#storage-engine/accounts/password.ts'
import { createPasswordHash, isOutdatedHash } from '#storage-engine/accounts/password-hash.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import { giveBackAttempts, takeAttempt } from '#storage-engine/metadata/sign-in-attempts.ts'
import { findUserByUsername, renewPasswordHash } from '#storage-engine/metadata/users.ts'

const WINDOW_MS = 15 * 60_000
const USERNAME_LENGTH_MAX = 100

/**
 * By name and address: slows guessing one password without letting a stranger lock the owner out. By address: slows
 * spraying. By name: bounds what many addresses together may try. Counted in Postgres, for all consoles together.
 */
const LIMITS = [
  // First, so that one address cannot fill the table with names.
  { attemptsMax: 30, by: (_name: string, address: string) => `address: ${address}` },
  { attemptsMax: 5, by: (name: string, address: string) => `name and address: ${address} ${name}` },
  { attemptsMax: 200, by: (name: string) => `name: ${name}` },
]

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
  const username = usernameOf(request.username)
  const address = networkOf(request.address ?? 'unknown')
  const keys = await takeAttempts(engine, { username, address })

  const user = await findUserByUsername(engine.db, { username })
  const isCorrect = await isPasswordCorrect(user?.passwordHash ?? null, request.password)
  if (user === null || !isCorrect || user.disabledAt !== null) throw new StorageError('InvalidCredentials')

  await giveBackAttempts(engine.db, { keys })
  if (isOutdatedHash(user.passwordHash)) await renewHash(engine, user, request.password)
  const token = await openSession(engine, { userId: user.id, address: request.address, userAgent: request.userAgent })
  return { token, userId: user.id }
}

/** As names are stored, of what was typed. */
export function usernameOf(typed: string): string {
  return typed.trim().toLowerCase().slice(0, USERNAME_LENGTH_MAX)
}

/**
 * Counts an attempt, before it is judged. Returns what it counts under. Throws TooManyAttempts at the first limit that is
 * reached; whom one limit stops uses up nothing of the others.
 */
async function takeAttempts(engine: Engine, who: { username: string; address: string }): Promise<string[]> {
  const now = new Date()
  const keys: string[] = []
  for (const { attemptsMax, by } of LIMITS) {
    // People type passwords where names belong.
    const key = createHash('sha256').update(by(who.username, who.address)).digest('hex')
    if (!(await takeAttempt(engine.db, { key, attemptsMax, windowMs: WINDOW_MS, now }))) {
      await giveBackAttempts(engine.db, { keys })
      throw new StorageError('TooManyAttempts')
    }
    keys.push(key)
  }
  return keys
}

/** Whoever has one IPv6 address has a network of 2^64: its first half counts for all of them. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [start = [], end] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const groups = end === undefined ? start : [...start, ...Array(8 - start.length - end.length).fill('0'), ...end]
  return `${groups.slice(0, 4).join(':')}::/64`
}

async function renewHash(engine: Engine, user: { id: string; passwordHash: string }, password: string): Promise<void> {
  const renewed = { userId: user.id, before: user.passwordHash, after: await createPasswordHash(password) }
  await renewPasswordHash(engine.db, renewed)
}
