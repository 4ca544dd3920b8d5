import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataDirectory } from '#storage-engine/supervisor/data-directory.ts'

const NOBODY = 65_534
let parent: string
beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-data-'))
})
afterEach(() => fs.rmSync(parent, { recursive: true }))

/** Another process that holds the directory until it is killed. */
async function holdElsewhere(directory: string) {
  const source = `import { openDataDirectory } from ${JSON.stringify(path.resolve('storage-engine/supervisor/data-directory.ts'))}
    openDataDirectory(${JSON.stringify(directory)})
    process.stdout.write('held')
    setInterval(() => undefined, 1000)`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', source]
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  return holder
}

describe('openDataDirectory', () => {
  it('creates a directory that only its owner can enter', () => {
    const directory = path.join(parent, 'a', 'data')
    openDataDirectory(directory)
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700)
  })

  it('refuses a second instance while the first lives, and names it', () => {
    openDataDirectory(parent)
    expect(() => openDataDirectory(parent)).toThrow(
      `Sceau already runs on ${parent} (process ${process.pid}): stop it first, or set SCEAU_DATA_DIR to another.`,
    )
  })

  it('can be opened again once it was released', () => {
    openDataDirectory(parent).release()
    openDataDirectory(parent).release()
    expect(fs.readdirSync(parent)).toEqual([])
  })

  it('takes over the lock of a process that was killed', async () => {
    const holder = await holdElsewhere(parent)
    expect(() => openDataDirectory(parent)).toThrow(`(process ${holder.pid})`)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    openDataDirectory(parent)
    expect(fs.readFileSync(path.join(parent, 'lock'), 'utf8').split('\n')[0]).toBe(String(process.pid))
    expect(fs.readdirSync(parent)).toEqual(['lock'])
  })

  it('takes over a lock whose process id was given to another process since', () => {
    fs.writeFileSync(path.join(parent, 'lock'), `${process.pid}\n1\nanother-boot`)
    openDataDirectory(parent)
    expect(fs.readFileSync(path.join(parent, 'lock'), 'utf8')).not.toContain('another-boot')
  })

  it('says what to do when the directory cannot be made', () => {
    const file = path.join(parent, 'file')
    fs.writeFileSync(file, '')
    expect(() => openDataDirectory(path.join(file, 'data'))).toThrow(
      `The data directory ${file}/data cannot be written (ENOTDIR): give this account the right to, or set SCEAU_DATA_DIR.`,
    )
  })

  it('says what to do when the directory belongs to somebody else', () => {
    fs.chmodSync(parent, 0o500)
    const isRoot = process.getuid?.() === 0
    // Root may write anywhere.
    if (isRoot) process.seteuid?.(NOBODY)
    try {
      expect(() => openDataDirectory(parent)).toThrow(`The data directory ${parent} cannot be written (EACCES)`)
    } finally {
      if (isRoot) process.seteuid?.(0)
      fs.chmodSync(parent, 0o700)
    }
  })
})
