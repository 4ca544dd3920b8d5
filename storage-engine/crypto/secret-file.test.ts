import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeSecretDirectory } from '#storage-engine/crypto/secret-file.ts'

vi.mock(import('node:fs/promises'), async (load) => {
  const files = await load()
  return { ...files, open: vi.fn(files.open) }
})

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sceau-secret-'))
  vi.mocked(open).mockClear()
})
afterEach(() => rm(root, { recursive: true, force: true }))

it('makes every directory durable in the one above it, whoever made that', async () => {
  await makeSecretDirectory(join(root, 'a/b/c'))
  const synced = vi.mocked(open).mock.calls.map(([path]) => path)
  expect(synced).toEqual([join(root, 'a/b'), join(root, 'a'), root])
  expect((await stat(join(root, 'a/b/c'))).mode & 0o777).toBe(0o700)
})

it('leaves a directory alone that is there', async () => {
  await makeSecretDirectory(root)
  expect(vi.mocked(open)).not.toHaveBeenCalled()
})
