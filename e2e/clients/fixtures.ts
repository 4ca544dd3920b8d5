import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface SampleFile {
  label: string
  path: string
  size: number
  sha256: string
}

const KIB = 1024
const MIB = 1024 * KIB
const SIZES: [label: string, size: number][] = [
  ['0 B', 0],
  ['1 B', 1],
  ['64 KiB-1', 64 * KIB - 1],
  ['64 KiB', 64 * KIB],
  ['64 KiB+1', 64 * KIB + 1],
  ['5 MiB-1', 5 * MIB - 1],
  ['5 MiB', 5 * MIB],
  ['5 MiB+1', 5 * MIB + 1],
  ['37 MB', 37_000_000],
  ['300 MB', 300_000_000],
]
export const LARGE: [label: string, size: number] = ['5 GiB', 5 * 1024 * MIB]
export const TREE_FILES = 1000

/** Files of random bytes, one a size; `large` adds one of 5 GiB. */
export async function makeSamples(directory: string, large: boolean): Promise<SampleFile[]> {
  await mkdir(directory, { recursive: true })
  const samples: SampleFile[] = []
  for (const [label, size] of large ? [...SIZES, LARGE] : SIZES) {
    const path = join(directory, `${label.replace(/\W+/g, '-')}-${size}.bin`)
    samples.push({ label, path, size, sha256: await writeRandom(path, size) })
  }
  return samples
}

/** A thousand files of 0 to 8 KiB in nested folders, some with names that need escaping. */
export async function makeTree(directory: string): Promise<void> {
  for (let index = 0; index < TREE_FILES; index++) {
    const folder = join(directory, `folder ${index % 10}`, index % 3 === 0 ? 'été+1' : 'plain')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `file-${index}.bin`), randomBytes((index * 37) % 8192))
  }
}

/** SHA-256 of every file below `directory`, by relative path. */
export async function hashTree(directory: string): Promise<Map<string, string>> {
  const hashes = new Map<string, string>()
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    hashes.set(relative(directory, path), await hashFile(path))
  }
  return hashes
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Random in its first 16 MiB and then a changing mix of it, so that 5 GiB are quick to make and never compress. */
async function writeRandom(path: string, size: number): Promise<string> {
  const block = randomBytes(Math.min(size, 16 * MIB))
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  try {
    for (let written = 0; written < size; written += block.length) {
      if (written > 0) block.writeBigUInt64LE(BigInt(written), (written / block.length) % 4096)
      const piece = block.subarray(0, Math.min(block.length, size - written))
      await file.write(piece)
      hash.update(piece)
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
