import { DrizzleQueryError } from 'drizzle-orm'
import { StorageError } from '#storage-engine/errors.ts'

const CONNECTION_MESSAGES =
  /^Connection terminated|not queryable|timeout exceeded when trying to connect|^timeout expired|Query read timeout|Client was closed/
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
/** admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, too_many_connections. */
const SERVER_GONE_CODES = new Set(['57P01', '57P02', '57P03', '57P05', '53300'])
/** serialization_failure, deadlock_detected: rolled back for certain. */
const ROLLED_BACK_CODES = new Set(['40001', '40P01'])
/** query_canceled (statement_timeout), lock_not_available, idle_in_transaction_session_timeout, out_of_memory. */
const BUSY_CODES = new Set(['57014', '55P03', '25P03', '53200'])
/** Text with a NUL, which Postgres cannot keep: character_not_in_repertoire, untranslatable_character. */
const UNSTORABLE_TEXT_CODES = new Set(['22021', '22P05'])
const DISK_FULL_CODE = '53100'

/**
 * What the callers of `metadata/` see of a failure: ServiceUnavailable when Postgres is away or too busy (the outcome of a
 * write is then unknown), InsufficientStorage when its disk is full, InvalidArgument for text that it cannot keep; anything else as it is,
 * without drizzle's wrapping, whose message shows every parameter.
 */
export function toStorageError(failure: unknown): unknown {
  const error = unwrap(failure)
  if (error instanceof StorageError) return error
  const code = postgresCode(error)
  if (code === DISK_FULL_CODE) return new StorageError('InsufficientStorage', { cause: error })
  if (code !== null && UNSTORABLE_TEXT_CODES.has(code)) return new StorageError('InvalidArgument', { cause: error })
  const isPassing = isConnectionError(error) || isRolledBack(error) || (code !== null && BUSY_CODES.has(code))
  return isPassing ? new StorageError('ServiceUnavailable', { cause: error }) : error
}

/** True when the connection is lost or was refused. What was sent on it may have taken effect, or not. */
export function isConnectionError(failure: unknown): boolean {
  const error = unwrap(failure)
  const code = postgresCode(error)
  if (code !== null) return code.startsWith('08') || SERVER_GONE_CODES.has(code) || SOCKET_CODES.has(code)
  return error instanceof Error && CONNECTION_MESSAGES.test(error.message)
}

/** True when Postgres undid the transaction to settle a conflict: repeating it is safe. */
export function isRolledBack(failure: unknown): boolean {
  const code = postgresCode(unwrap(failure))
  return code !== null && ROLLED_BACK_CODES.has(code)
}

/** True when a row with this value exists already; `constraint` names which unique rule. */
export function isDuplicate(failure: unknown, constraint?: string): boolean {
  const error = unwrap(failure)
  if (postgresCode(error) !== '23505') return false
  return constraint === undefined || (error as { constraint?: string }).constraint === constraint
}

/** True when a row that this one must belong to is gone. */
export function isOrphan(failure: unknown): boolean {
  return postgresCode(unwrap(failure)) === '23503'
}

function unwrap(failure: unknown): unknown {
  return failure instanceof DrizzleQueryError ? failure.cause : failure
}

function postgresCode(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof StorageError) return null
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : null
}
