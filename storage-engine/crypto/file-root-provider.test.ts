import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openFileRootProvider } from '#storage-engine/crypto/file-root-provider.ts'
import { describeRootProvider } from '#storage-engine/crypto/root-provider.conformance.ts'
import type { RootRotation } from '#storage-engine/crypto/root-provider.ts'
import { StartupError } from '#storage-engine/errors.ts'

/** Runs between the moment when a start finds no keyring and the one when it makes its own. */
const beforeCreate = vi.hoisted(() => ({ run: async () => {} }))

vi.mock('node:fs/promises', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs/promises')>()
  const open: typeof fs.open = async (path, flags, mode) => {
    if (flags === 'wx') await beforeCreate.run()
    return fs.open(path, flags, mode)
  }
  return { ...fs, open }
})

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'root-key-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const pathOf = (name: string) => join(directory, name, 'root-key.json')
const openFirst = (name: string) => openFileRootProvider({ path: pathOf(name), isInstallationEmpty: true })
const openLater = (name: string) => openFileRootProvider({ path: pathOf(name), isInstallationEmpty: false })

describeRootProvider({
  name: 'file',
  open: () => openFirst('mine'),
  openOther: () => openFirst('other'),
  openRotatable: () => openFirst('rotatable'),
})

describe('first start', () => {
  it('makes a keyring that its owner alone can read, and leaves nothing beside it', async () => {
    await openFirst('fresh')
    expect((await stat(pathOf('fresh'))).mode & 0o777).toBe(0o400)
    expect(await readdir(join(directory, 'fresh'))).toEqual(['root-key.json'])
  })

  it('keeps the keyring that is there', async () => {
    await openFirst('kept')
    const before = await readFile(pathOf('kept'), 'utf8')
    await openFirst('kept')
    expect(await readFile(pathOf('kept'), 'utf8')).toBe(before)
  })

  it('takes the key of another process that was faster, so that neither wraps under a key that is lost', async () => {
    const wrapped = { context: Buffer.from('c'), key: randomBytes(32) }
    let record = Buffer.alloc(0)
    beforeCreate.run = async () => {
      beforeCreate.run = async () => {}
      record = Buffer.from(await (await openFirst('raced')).wrap(wrapped))
    }
    const slower = await openFirst('raced')
    expect((await slower.unwrap({ context: wrapped.context, record })).equals(wrapped.key)).toBe(true)
    expect(await readdir(join(directory, 'raced'))).toEqual(['root-key.json'])
  })
})

describe('rotation', () => {
  const rotationOf = async (name: string) => (await openFirst(name)).rotation as RootRotation

  it('replaces the file by one that its owner alone can read, and leaves nothing beside it', async () => {
    await (await rotationOf('replaced')).rotate()
    expect((await stat(pathOf('replaced'))).mode & 0o777).toBe(0o400)
    expect(await readdir(join(directory, 'replaced'))).toEqual(['root-key.json'])
  })

  it('leaves the old keyring and no key beside it when the new one cannot be put in its place', async () => {
    const rotation = await rotationOf('unwritable')
    const before = await readFile(pathOf('unwritable'), 'utf8')
    beforeCreate.run = async () => {
      beforeCreate.run = async () => {}
      throw Object.assign(new Error('planted'), { code: 'EROFS' })
    }
    await expect(rotation.rotate()).rejects.toMatchObject({ code: 'ServiceUnavailable', message: /\(EROFS\)/ })
    expect(await readFile(pathOf('unwritable'), 'utf8')).toBe(before)
    expect(await readdir(join(directory, 'unwritable'))).toEqual(['root-key.json'])
  })

  it('refuses to grow the file beyond what can be read', async () => {
    const rotation = await rotationOf('full')
    const whole = JSON.parse(await readFile(pathOf('full'), 'utf8'))
    const older = Array.from({ length: 300 }, (_, index) => ({
      ...whole.keys[0],
      state: 'decrypt-only',
      version: index + 2,
    }))
    await replaceFile(pathOf('full'), JSON.stringify({ ...whole, keys: [...whole.keys, ...older] }))
    await expect(rotation.rotate()).rejects.toMatchObject({ code: 'LimitExceeded' })
    await expect((await openFirst('full')).health()).resolves.toBeUndefined()
  })
})

describe('refuses to start', () => {
  it('when the keyring is missing and data exists, and makes none', async () => {
    await expect(openLater('missing')).rejects.toThrow(StartupError)
    await expect(openLater('missing')).rejects.toThrow(/is missing.*Put it back from your backup/)
    await expect(stat(pathOf('missing'))).rejects.toThrow('ENOENT')
  })

  it.each([0o440, 0o404, 0o644, 0o420])('when others have rights on it (mode %o)', async (mode) => {
    await openFirst('open')
    await chmod(pathOf('open'), mode)
    await expect(openLater('open')).rejects.toThrow(/is open to other users. Run: chmod 400/)
    await expect(openFirst('open')).rejects.toThrow(StartupError)
    await chmod(pathOf('open'), 0o400)
  })

  it.each([
    ['is not JSON', () => 'key'],
    ['is of another format', (text: string) => text.replace('sceau-keyring-1', 'sceau-keyring-2')],
    ['has a short key', (text: string) => text.replace(/"key": "..../, '"key": "')],
    ['has no active key', (text: string) => text.replace('"active"', '"decrypt-only"')],
    ['has a setting that is not known', (text: string) => text.replace('"format"', '"other": 1, "format"')],
    ['is larger than 64 KiB', (text: string) => text + ' '.repeat(65536)],
  ])('when the keyring %s, and shows no key', async (_, change) => {
    await openFirst('damaged')
    const whole = await readFile(pathOf('damaged'), 'utf8')
    await replaceFile(pathOf('damaged'), change(whole))
    const error = await openLater('damaged').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartupError)
    expect(String(error)).not.toContain(JSON.parse(whole).keys[0].key.slice(4, 20))
    await replaceFile(pathOf('damaged'), whole)
  })
})

describe('while running', () => {
  const wrapped = { context: Buffer.from('c'), key: randomBytes(32) }

  it('opens what an older key wrapped, and wraps under the new one, once the file says so', async () => {
    const provider = await openFirst('rotated')
    const record = await provider.wrap(wrapped)
    const before = await provider.active()
    await openFirst('next')
    const old = JSON.parse(await readFile(pathOf('rotated'), 'utf8'))
    const next = JSON.parse(await readFile(pathOf('next'), 'utf8'))
    const keys = [{ ...old.keys[0], state: 'decrypt-only' }, next.keys[0]]
    await replaceFile(pathOf('rotated'), JSON.stringify({ ...old, keys }))
    expect((await provider.active()).id).not.toBe(before.id)
    expect((await provider.unwrap({ context: wrapped.context, record })).equals(wrapped.key)).toBe(true)
  })

  it('rejects every call once the file is gone', async () => {
    const provider = await openFirst('gone')
    const record = await provider.wrap(wrapped)
    await rename(pathOf('gone'), `${pathOf('gone')}.away`)
    await expect(provider.wrap(wrapped)).rejects.toThrow('ENOENT')
    await expect(provider.unwrap({ context: wrapped.context, record })).rejects.toThrow('ENOENT')
    await expect(provider.health()).rejects.toThrow('ENOENT')
  })
})

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o400 })
  await rename(`${path}.new`, path)
}
