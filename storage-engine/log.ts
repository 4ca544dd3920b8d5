import { KeyObject } from 'node:crypto'
import type { DestinationStream, Logger as PinoLogger } from 'pino'
import { pino } from 'pino'

export type Logger = PinoLogger
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const REDACTED = '[redacted]'
const DEPTH_MAX = 6
const ITEMS_MAX = 100
const SECRET_NAME =
  /secret|password|passphrase|authorization|cookie|token|signature|credential|private|wrapped|datakey|data_key|customer-key|databaseurl|database_url/i
const SECRETS_IN_TEXT: readonly [RegExp, string][] = [
  [/(:\/\/[^\s:@/]*):[^\s@/]*@/g, `$1:${REDACTED}@`],
  [
    /((?:X-Amz-(?:Signature|Security-Token|Credential)|Signature|password|token|secret)=)[^&\s"',;]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(AWS4-HMAC-SHA256|AWS|Bearer|Basic) [^\s"][^"\n]*/g, `$1 ${REDACTED}`],
]

export interface LogOptions {
  level: LogLevel
  /** Which process speaks: supervisor, gateway, jobs, console. */
  role: string
  /** Where the JSON lines go; standard output when absent. */
  destination?: DestinationStream
}

/**
 * The log of a process: JSON lines, secrets removed by type and by name wherever they stand. A request's own log is
 * `log.child({ requestId })`.
 */
export function createLog({ level, role, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redactFields },
    serializers: { err: (error: unknown) => error },
    hooks: { logMethod: redactMessage },
  }
  return redactChildren(pino(options, destination ?? pino.destination({ dest: 1, sync: true })))
}

/** The library's formatter for bindings is not asked about those of children. */
function redactChildren(log: Logger): Logger {
  const { child } = log
  log.child = function childOf(this: Logger, bindings: object, options: object) {
    return child.call(this, redactFields(bindings), options)
  } as Logger['child']
  return log
}

/** A copy of `value` that is safe to print: see createLog. */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof KeyObject || value instanceof CryptoKey) return REDACTED
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Date) return value.toISOString()
  if (depth >= DEPTH_MAX) return '[…]'
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redact(item, depth + 1))
  if (value instanceof Map) return redact(Object.fromEntries(value), depth)
  if (value instanceof Set) return redact([...value], depth)
  return redactObject(value, depth)
}

function redactFields(fields: object): Record<string, unknown> {
  return redact(fields) as Record<string, unknown>
}

function redactObject(value: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value).slice(0, ITEMS_MAX)) {
    safe[name] = SECRET_NAME.test(name) && item !== null && item !== undefined ? REDACTED : redact(item, depth + 1)
  }
  return safe
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = { type: error.name, message: redactText(error.message) }
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') safe['code'] = code
  if (error.stack !== undefined) safe['stack'] = redactText(error.stack)
  if (error.cause !== undefined) safe['cause'] = redact(error.cause, depth + 1)
  if (error instanceof AggregateError) safe['errors'] = redact(error.errors, depth + 1)
  return safe
}

function redactText(text: string): string {
  return SECRETS_IN_TEXT.reduce((safe, [pattern, replacement]) => safe.replace(pattern, replacement), text)
}

function redactMessage(this: Logger, args: unknown[], method: (...args: unknown[]) => void): void {
  method.apply(
    this,
    args.map((argument) => (typeof argument === 'string' ? redactText(argument) : argument)),
  )
}
