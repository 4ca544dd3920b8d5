import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { StorageError } from '#storage-engine/errors.ts'

/** OWASP's argon2id profile: 19 MiB, two passes, one lane. Kept in each hash, so it can be raised later. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** Each verification takes a core and 19 MiB, and anyone may ask for one. */
const VERIFICATIONS_AT_ONCE_MAX = 2
const VERIFICATIONS_WAITING_MAX = 32

export const PASSWORD_LENGTH_MAX = 1024

let running = 0
const waiting: (() => void)[] = []
let dummyHash: Promise<string> | undefined

/** argon2id as a PHC string, ≤ 128 characters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2)
}

/**
 * Whether `password` is the one of `passwordHash`. With null (nobody of that name) the same work is done, so that time does
 * not tell which usernames exist. Throws TooManyAttempts when too many verifications wait already.
 */
export async function isPasswordCorrect(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > PASSWORD_LENGTH_MAX) return false
  await takeTurn()
  try {
    dummyHash ??= hashPassword(randomBytes(32).toString('base64'))
    const matches = await verify(passwordHash ?? (await dummyHash), password)
    return matches && passwordHash !== null
  } finally {
    endTurn()
  }
}

async function takeTurn(): Promise<void> {
  if (running < VERIFICATIONS_AT_ONCE_MAX) {
    running++
    return
  }
  if (waiting.length >= VERIFICATIONS_WAITING_MAX) throw new StorageError('TooManyAttempts')
  await new Promise<void>((resolve) => waiting.push(resolve))
}

/** A turn passes straight to whoever waits longest, so `running` stays as it is. */
function endTurn(): void {
  const next = waiting.shift()
  if (next === undefined) running--
  else next()
}
