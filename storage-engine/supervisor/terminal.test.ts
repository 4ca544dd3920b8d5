import { expect, it, vi } from 'vitest'
import type { Config } from '#storage-engine/config.ts'
import { formatBanner, localAddressOf, mirrorLine } from '#storage-engine/supervisor/terminal.ts'

function mirror(line: string, from: 'stdout' | 'stderr' = 'stdout'): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  mirrorLine(line, from)
  const shown = write.mock.calls.map(([text]) => String(text)).join('')
  write.mockRestore()
  return shown
}

const entry = (fields: object) =>
  JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', role: 'jobs', msg: 'done', ...fields })

it('shows warnings and errors in one short line, with their causes', () => {
  expect(mirror(entry({ level: 'warn', reason: 'SIGKILL', msg: 'ended' }))).toBe(
    '03:04:05 warn [jobs] ended: SIGKILL\n',
  )
  const err = { message: 'write failed', cause: { message: 'no space left' } }
  expect(mirror(entry({ level: 'error', err }))).toBe('03:04:05 error [jobs] done: write failed: no space left\n')
})

it('keeps the terminal quiet about the rest', () => {
  expect(mirror(entry({ level: 'info' }))).toBe('')
  expect(mirror('ready in 3 s')).toBe('')
})

it('shows what a process cries out when it dies', () => {
  expect(mirror('Error: boom', 'stderr')).toBe('Error: boom\n')
  expect(mirror('{"level":"warn", cut off', 'stderr')).toBe('{"level":"warn", cut off\n')
})

const rest = {
  version: '1',
  console: 'https://c',
  s3: 'https://s',
  region: 'r',
  ca: '/ca',
  logFile: '/l',
  rootKeyFile: '/k',
  keystoreDir: '/t',
  warnings: [],
}

it('ends the banner with its warnings, each on a line of its own', () => {
  const banner = formatBanner({ ...rest, firstRun: null, warnings: ['/n is full', '/m is full'] })
  expect(banner).toMatch(/ {2}Warning {6}\/n is full\n {2}Warning {6}\/m is full\n\n$/)
  expect(formatBanner({ ...rest, firstRun: null })).not.toContain('Warning')
})

it('prints the first password once: only with a first run', () => {
  const first = formatBanner({ ...rest, firstRun: { username: 'admin', password: 'pass' } })
  expect(first).toContain('admin / pass   shown only this once')
  expect(first).toContain('/k   back it up')
  expect(first).toContain('/t   back it up')
  expect(formatBanner({ ...rest, firstRun: null })).not.toMatch(/Sign in|Root key|Keystore/)
})

it.each([
  ['0.0.0.0', 'https://127.0.0.1:9000'],
  ['::', 'https://127.0.0.1:9000'],
  ['10.0.0.7', 'https://10.0.0.7:9000'],
  ['fd00::7', 'https://[fd00::7]:9000'],
])('reaches a service on %s from this machine at %s', (host, address) => {
  expect(localAddressOf({ host } as Config, 9000)).toBe(address)
})
