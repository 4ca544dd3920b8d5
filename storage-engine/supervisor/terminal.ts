import type { Config } from '#storage-engine/config.ts'
import type { OutputStream } from '#storage-engine/supervisor/process-output.ts'

const MIRRORED_LEVELS = ['warn', 'error', 'fatal']

/** Shows on the terminal, in short, those log lines that an operator should see at once. */
export function mirrorLine(line: string, from: OutputStream): void {
  const entry = parseLine(line)
  // What is no log entry: a stack trace of Node matters, the chat of a library does not.
  if (entry === null && from === 'stderr') process.stderr.write(`${line}\n`)
  if (entry === null) return
  if (MIRRORED_LEVELS.includes(entry.level)) process.stderr.write(`${describe(entry)}\n`)
}

interface LogEntry {
  level: string
  time?: string
  role?: string
  msg?: string
  reason?: string
  err?: { message?: string; cause?: { message?: string } }
}

function parseLine(line: string): LogEntry | null {
  if (!line.startsWith('{"level":"')) return null
  try {
    return JSON.parse(line) as LogEntry
  } catch {
    return null
  }
}

function describe({ level, time = '', role = '', msg = '', reason, err }: LogEntry): string {
  const details = [reason, err?.message, err?.cause?.message].filter((detail) => detail !== undefined)
  return `${time.slice(11, 19)} ${level} [${role}] ${[msg, ...details].join(': ')}`
}

export interface BannerInput {
  version: string
  console: string | null
  s3: string | null
  region: string
  ca: string | null
  logFile: string | null
  rootKeyFile: string | null
  keystoreDir: string
  firstRun: { username: string; password: string } | null
  warnings: string[]
}

/** What an operator needs after the start, in a few lines. */
export function formatBanner(input: BannerInput): string {
  const { firstRun } = input
  const rows: [label: string, value: string | null][] = [
    ['Console', input.console],
    ['S3 endpoint', input.s3 === null ? null : `${input.s3}  (region ${input.region})`],
    ['Sign in', firstRun === null ? null : `${firstRun.username} / ${firstRun.password}   shown only this once`],
    ['Root key', firstRun === null ? null : keyAdvice(input.rootKeyFile)],
    ['Keystore', firstRun === null ? null : keyAdvice(input.keystoreDir)],
    ['Trust', input.ca === null ? null : `${input.ca}   in browsers: import as an authority`],
    ['Try', input.s3 === null ? null : 'eval "$(npm run -s client-env)" && aws s3 ls'],
    ['Log', input.logFile],
    ['Stop', 'Ctrl-C'],
    ...input.warnings.map((warning): [string, string] => ['Warning', warning]),
  ]
  const lines = rows.filter(([, value]) => value !== null).map(([label, value]) => `  ${label.padEnd(13)}${value}`)
  return ['', `  Sceau ${input.version}`, '', ...lines, '', ''].join('\n')
}

/** For a first start that failed after the administrator was made. */
export function describeFirstRun({ username, password }: { username: string; password: string }): string {
  return `The administrator is ${username} / ${password}   shown only this once\n`
}

function keyAdvice(path: string | null): string | null {
  return path === null ? null : `${path}   back it up: sealed data is lost without it`
}

/**
 * How a client on this machine reaches a port. An address, never a name: `localhost` may resolve to ::1 alone, and with
 * an address every SDK takes path style by itself.
 */
export function localAddressOf({ host }: Config, port: number): string {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `https://${address.includes(':') ? `[${address}]` : address}:${port}`
}
