import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, link, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileKeystore } from '#storage-engine/crypto/file-keystore.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'

let parent: string
let directory: string
const clusterId = randomUUID()
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sceau-keystore-'))
  directory = join(parent, 'keystore')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

const open = (input: { clusterId?: string; mayCreate?: boolean } = {}) =>
  openFileKeystore({ directory, clusterId, mayCreate: true, ...input })

test('keeps tokens for its owner alone, and gives them back to whoever opens it next', async () => {
  const keystore = await open()
  const [one, other] = [randomUUID(), randomUUID()]
  const record = randomBytes(93)
  await keystore.write(one, randomBytes(93))
  await keystore.write(one, record)
  await keystore.write(other, randomBytes(200))
  const again = await open({ mayCreate: false })
  expect(await again.read(one)).toEqual(record)
  expect((await again.list()).sort()).toEqual([one, other].sort())
  expect((await stat(join(directory, `${one}.token`))).mode & 0o777).toBe(0o400)
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('overwrites a token before it removes it, and removes it twice without harm', async () => {
  const keystore = await open()
  const id = randomUUID()
  const record = randomBytes(93)
  await keystore.write(id, record)
  const copy = join(parent, 'copy')
  await link(join(directory, `${id}.token`), copy)
  await keystore.destroy(id)
  await keystore.destroy(id)
  expect(await keystore.read(id)).toBeNull()
  expect(await keystore.list()).toEqual([])
  const left = await readFile(copy)
  expect(left.includes(record.subarray(0, 8))).toBe(false)
})

test('refuses to start without the directory that keys depend on, or with that of another installation', async () => {
  await expect(open({ mayCreate: false })).rejects.toThrow(/is missing, and keys of this installation need it/)
  await open()
  await expect(open({ clusterId: randomUUID() })).rejects.toThrow(/belongs to another installation/)
  await writeFile(join(directory, 'keystore.json'), '{"format":"other"}')
  await expect(open()).rejects.toThrow(/damaged/)
})

test('says that it is out of reach, not that a token is destroyed, while its drive is away', async () => {
  const keystore = await open()
  const id = randomUUID()
  await keystore.write(id, randomBytes(93))
  await rename(directory, `${directory}.away`)
  const calls: (() => Promise<unknown>)[] = [
    () => keystore.read(id),
    () => keystore.write(id, randomBytes(93)),
    () => keystore.destroy(id),
    () => keystore.list(),
  ]
  for (const call of calls) {
    await expect(call).rejects.toMatchObject({ code: 'ServiceUnavailable' })
  }
})

test('calls a damaged token damaged', async () => {
  const keystore = await open()
  const id = randomUUID()
  await keystore.write(id, randomBytes(93))
  const file = join(directory, `${id}.token`)
  await chmod(file, 0o600)
  for (const content of [Buffer.alloc(0), randomBytes(107), Buffer.alloc(70_000)]) {
    await writeFile(file, content)
    await expect(keystore.read(id)).rejects.toThrow(SealBrokenError)
  }
})
