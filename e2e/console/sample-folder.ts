import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const SAMPLE_COUNT = 200
const SAMPLE_LARGE_BYTES = 37_000_000

export interface SampleFolder {
  path: string
  /** Hexadecimal SHA-256 of its one file of 37 MB, archive.bin. */
  largeSha256: string
}

/** A folder of 200 files two levels deep: more than one page of what a browser reads at a time, and one of three parts. */
export async function writeSampleFolder(parent: string): Promise<SampleFolder> {
  const path = join(parent, 'holiday')
  await mkdir(join(path, 'notes'), { recursive: true })
  const large = randomBytes(SAMPLE_LARGE_BYTES)
  await writeFile(join(path, 'archive.bin'), large)
  await writeFile(join(path, 'picture.png'), PIXEL)
  for (let index = 0; index < SAMPLE_COUNT - 2; index++) {
    const name = `note-${String(index).padStart(3, '0')}.txt`
    await writeFile(join(path, 'notes', name), `The note of day ${index}.\n`)
  }
  return { path, largeSha256: createHash('sha256').update(large).digest('hex') }
}

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
