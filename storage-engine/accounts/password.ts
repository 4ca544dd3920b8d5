import { randomBytes } from 'node:crypto'
import { createPasswordHash, isHashOf } from '#storage-engine/accounts/password-hash.ts'
import { StorageError } from '#storage-engine/errors.ts'

/** Each verification takes a core and 19 MiB, and anyone may ask for one. */
const VERIFICATIONS_AT_ONCE_MAX = 2
const VERIFICATIONS_WAITING_MAX = 32

export const PASSWORD_LENGTH_MAX = 1024

let running = 0
const waiting: (() => void)[] = []
let dummyHash: Promise<string> | undefined

/**
 * Whether `password` is the one of `passwordHash`. With null (nobody of that name) the same work is done, so that time does
 * not tell which usernames exist. Throws TooManyAttempts when too many verifications wait already.
 */
export async function isPasswordCorrect(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > PASSWORD_LENGTH_MAX) return false
  await takeTurn()
  try {
    dummyHash ??= createPasswordHash(randomBytes(32).toString('base64'))
    const matches = await isHashOf(passwordHash ?? (await dummyHash), password)
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
