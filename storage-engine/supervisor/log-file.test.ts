import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openLogFile } from '#storage-engine/supervisor/log-file.ts'

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-log-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

const read = (name: string) => fs.readFileSync(path.join(directory, name), 'utf8')

it('goes on where the last run ended', () => {
  for (const line of ['first', 'second']) {
    const log = openLogFile({ directory })
    log.write(line)
    log.close()
  }
  expect(read('sceau.log')).toBe('first\nsecond\n')
})

it('starts a new file before the size is passed, and keeps so many', () => {
  const log = openLogFile({ directory, sizeBytesMax: 10, countMax: 3 })
  for (const line of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', 'ffff', 'gggg', 'hhhh']) log.write(line)
  log.close()
  expect(fs.readdirSync(directory).sort()).toEqual(['sceau.1.log', 'sceau.2.log', 'sceau.log'])
  expect([read('sceau.2.log'), read('sceau.1.log'), read('sceau.log')]).toEqual([
    'cccc\ndddd\n',
    'eeee\nffff\n',
    'gggg\nhhhh\n',
  ])
})

it('outlives a full disk and tells what was lost', () => {
  const log = openLogFile({ directory })
  const write = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  })
  log.write('lost')
  log.write('lost too')
  write.mockRestore()
  log.write('kept')
  log.close()
  expect(read('sceau.log')).toBe('{"level":"error","msg":"2 log lines were lost: the disk was full"}\nkept\n')
})

it('is readable by its owner alone', () => {
  openLogFile({ directory }).close()
  expect(fs.statSync(path.join(directory, 'sceau.log')).mode & 0o777).toBe(0o600)
})
