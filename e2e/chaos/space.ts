import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that the file system has set aside for everything below `directory`; files that vanish meanwhile count 0. */
export async function allocatedBytes(directory: string): Promise<number> {
  let total = 0
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    total += await lstat(join(entry.parentPath, entry.name)).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    )
  }
  return total
}
