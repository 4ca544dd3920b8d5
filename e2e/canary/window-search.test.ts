import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createWindowSearch, searchTree, WINDOW_BYTES } from '#e2e/canary/window-search.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'canary-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const BLOCK_BYTES = 4 << 20
const canary = { name: 'body', body: randomBytes(500) }
const search = createWindowSearch([{ name: 'other', body: randomBytes(77) }, canary])

async function hitsIn(content: Buffer): Promise<string[]> {
  await writeFile(join(directory, 'file'), content)
  const { hits } = await searchTree(search, directory)
  return hits.map((hit) => hit.canary)
}

it('finds a window of 32 bytes at every offset of the canary and of the file', async () => {
  for (let offset = 0; offset < 48; offset++) {
    const start = (offset * 9) % (canary.body.length - WINDOW_BYTES)
    const window = canary.body.subarray(start, start + WINDOW_BYTES)
    expect(await hitsIn(Buffer.concat([randomBytes(1000 + offset), window, randomBytes(99)]))).toEqual(['body'])
  }
})

it('finds a window that lies across two blocks of a large file', async () => {
  for (const before of [1, 8, 16, 31]) {
    const file = Buffer.alloc(BLOCK_BYTES + 1000)
    canary.body.copy(file, BLOCK_BYTES - before, 100, 100 + WINDOW_BYTES)
    expect(await hitsIn(file)).toContain('body')
  }
})

it('finds a window at the very start and the very end of a file', async () => {
  expect(await hitsIn(canary.body.subarray(7, 7 + WINDOW_BYTES))).toEqual(['body'])
  expect(await hitsIn(Buffer.concat([randomBytes(13), canary.body.subarray(-WINDOW_BYTES)]))).toEqual(['body'])
})

it('passes over shorter runs and over noise', async () => {
  const short = canary.body.subarray(10, 10 + WINDOW_BYTES - 1)
  expect(await hitsIn(Buffer.concat([randomBytes(64), short, randomBytes(64)]))).toEqual([])
  expect(await hitsIn(randomBytes(1 << 20))).toEqual([])
})

it('looks into folders and names the file', async () => {
  await mkdir(join(directory, 'a/b'), { recursive: true })
  await writeFile(join(directory, 'a/b/leak'), canary.body)
  const { hits, files } = await searchTree(search, directory)
  expect(files).toBe(1)
  expect(hits).toMatchObject([{ path: 'a/b/leak', canary: 'body' }])
})
